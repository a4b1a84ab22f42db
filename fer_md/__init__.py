"""fer_md: the multi-dataset facial-expression network of Yang, Li and Cao (2020).

Importing the package loads neither TensorFlow nor Keras: import what you need
from its modules, for example ``from fer_md.models import build_component``.
"""
__version__ = "0.1.0"
