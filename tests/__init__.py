from . import gateway
from . import test_screens
from . import test_access
from . import test_controllers
from . import test_tour
