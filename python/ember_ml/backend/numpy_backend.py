"""The table of primitives on numpy. Signatures and meaning: see the functions of `ember_ml.ops`."""

from ember_ml.backend.dense_numpy import cell as cell
from ember_ml.backend.dense_numpy import dense as dense
from ember_ml.backend.numpy_arrays import *  # noqa: F403  all that a table lists
from ember_ml.backend.numpy_elementwise import *  # noqa: F403
from ember_ml.backend.numpy_products import *  # noqa: F403
from ember_ml.backend.numpy_reductions import *  # noqa: F403
