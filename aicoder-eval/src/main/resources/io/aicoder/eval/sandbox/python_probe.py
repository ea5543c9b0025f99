"""Says as JSON what this interpreter is and has; run as python3 -c."""
import importlib.metadata
import importlib.util
import json
import os
import pkgutil
import re
import sys

REQUIRED = {"numpy": "numpy", "pandas": "pandas", "scipy": "scipy", "sklearn": "scikit-learn", "PIL": "pillow", "torch": "torch"}

libraries = {}
for distribution in importlib.metadata.distributions():
    name = distribution.metadata["Name"]
    if name:
        libraries.setdefault(re.sub(r"[-_.]+", "-", name).lower(), distribution.version or "")
missing = [name for name in REQUIRED if importlib.util.find_spec(name) is None]
if not missing:  # a library that is there and broken shows itself only when imported
    for name, distribution in REQUIRED.items():
        try:
            libraries[distribution] = str(__import__(name).__version__)
        except Exception as error:
            missing.append("%s (%s)" % (name, error))
modules = sorted({module.name for module in pkgutil.iter_modules()} | set(getattr(sys, "stdlib_module_names", ())))
print(
    json.dumps(
        dict(
            interpreter=os.path.abspath(sys.executable),
            version=sys.version.split()[0],
            prefixes=sorted({sys.prefix, sys.base_prefix}),
            missing=missing,
            libraries=libraries,
            modules=modules,
        )
    )
)
