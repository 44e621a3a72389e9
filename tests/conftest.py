import os

# OpenMP reads it when PyTorch and Numba load it, here and in the processes of tests: threads that wait let others run. There are
# more threads than cores, and those that wait actively took most of the time of the tests of t-SNE.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from layerscope.files.compiled import share_compiled_code

# What tests compile is kept where jobs keep it.
share_compiled_code()
