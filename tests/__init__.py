from . import gateway
from . import test_screens
