from . import controllers, models, wizard
from .hooks import post_init_hook, post_load, uninstall_hook
from .shortcuts import change_tracking, field_descriptions
