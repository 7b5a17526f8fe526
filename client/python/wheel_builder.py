# SPDX-License-Identifier: BSL-1.0
"""Builds the package (PEP 517) with the standard library alone, so that `pip install ./client/python` needs neither a network nor setuptools."""

import base64
import hashlib
import os
import re
import tarfile
import zipfile

_HERE = os.path.dirname(os.path.abspath(__file__))
_FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # the same files make the same wheel


def _read(*path):
    with open(os.path.join(_HERE, *path), encoding="utf-8") as file:
        return file.read()


def _name_and_version():
    return "hookd-" + re.search(r'^__version__ = "(.*)"$', _read("hookd", "__init__.py"), re.M).group(1)


def _metadata():
    name, version = _name_and_version().split("-")
    return f"""Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: Client of hookd, the local daemon through which tools ask hooks for leave
Author: hookd contributors
License: BSL-1.0
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Python :: 3
Classifier: Typing :: Typed
Requires-Python: >=3.9
Description-Content-Type: text/markdown

{_read("README.md")}"""


def _modules():
    return sorted(name for name in os.listdir(os.path.join(_HERE, "hookd")) if name.endswith(".py") or name == "py.typed")


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = f"{_name_and_version()}-py3-none-any.whl"
    about = _name_and_version() + ".dist-info"
    files = {f"hookd/{each}": _read("hookd", each) for each in _modules()}
    files[f"{about}/METADATA"] = _metadata()
    files[f"{about}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: hookd\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = []
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w", zipfile.ZIP_DEFLATED) as wheel:

        def add(path, text):
            info = zipfile.ZipInfo(path, _FIRST_DATE)
            info.external_attr = 0o644 << 16
            wheel.writestr(info, text.encode(), zipfile.ZIP_DEFLATED)

        for path, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(text.encode())}\n")
            add(path, text)
        add(f"{about}/RECORD", "".join(record) + f"{about}/RECORD,,\n")
    return name


def build_sdist(sdist_directory, config_settings=None):
    top = _name_and_version()
    name = top + ".tar.gz"
    with tarfile.open(os.path.join(sdist_directory, name), "w:gz") as archive:
        for path in ["pyproject.toml", "wheel_builder.py", "README.md", *(f"hookd/{each}" for each in _modules())]:
            archive.add(os.path.join(_HERE, path), f"{top}/{path}")
    return name
