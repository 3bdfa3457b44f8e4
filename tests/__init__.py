from . import gateway
from . import test_screens
from . import test_access
