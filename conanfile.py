"""The Conan 2 recipe: `conan create . -s compiler.cppstd=20`. docs/how-to/add-upkeep-to-your-build.md says more."""
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.gnu import PkgConfig
from conan.tools.scm import Version

required_conan_version = ">=2.4"

# What the headers need: Conan's reference, and what of it is linked: by Conan's name, by the system's where the profile says that it is there.
NEEDS = [("boost/[>=1.81 <2]", "boost::json", "boost_json"), ("xsimd/[>=8.1 <15]", "xsimd::xsimd", None),
         ("xxhash/[>=0.8 <1]", "xxhash::xxhash", None)]

# Each optional part is an option of the same name, a CMake target upkeep::NAME and a component of find_package. It is switched by a package that
# the build looks for, or by a variable (`builds`: this one is compiled). `shares`: the part whose library it needs as well. A system's name
# that ends in .pc is asked of pkg-config, since it takes more than a library.
PARTS = {
    "crypto": {"finds": "OpenSSL", "needs": [("openssl/[>=3 <4]", "openssl::crypto", "crypto")]},
    "http": {"finds": "CppHttplib", "shares": "crypto",
             "needs": [("cpp-httplib/[>=0.11.4 <1]", "cpp-httplib::cpp-httplib", "cpp-httplib.pc"),
                       ("openssl/[>=3 <4]", "openssl::ssl", "ssl"), ("openssl/[>=3 <4]", "openssl::crypto", "crypto")]},
    "sqlite": {"finds": "SQLite3", "needs": [("sqlite3/[>=3.34 <4]", "sqlite3::sqlite3", "sqlite3")]},
    "kernels": {"builds": "UPKEEP_BUILD_KERNELS", "defines": ["UPKEEP_USE_KERNELS"], "libs": ["upkeep_kernels"]},
}


class UpkeepConan(ConanFile):
    name = "upkeep"
    description = "A header-only C++20 library that keeps vector stores healthy"
    license = "MIT"
    topics = ("vector-store", "embeddings", "deduplication", "header-only")
    settings = "os", "arch", "compiler", "build_type"
    options = {part: [True, False] for part in PARTS}
    default_options = {**{part: False for part in PARTS}, "cpp-httplib/*:with_openssl": True}
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*"
    test_package_folder = os.path.join("tests", "consumer", "conan", "test_package")

    def set_version(self):  # the version has one home
        header = load(self, os.path.join(self.recipe_folder, "include", "upkeep", "version.hpp"))
        self.version = re.search(r'UPKEEP_VERSION_STRING "([0-9.]+)"', header).group(1)

    def _chosen(self):
        return {name: part for name, part in PARTS.items() if self.options.get_safe(name)}

    def configure(self):
        compiled = any("builds" in part for part in self._chosen().values())
        self.package_type = "static-library" if compiled else "header-library"

    def requirements(self):
        parts = [{"needs": NEEDS}, *self._chosen().values()]
        for reference in dict.fromkeys(need[0] for part in parts for need in part.get("needs", [])):
            self.requires(reference, transitive_headers=True, transitive_libs=True)  # headers include the headers of all of them

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration(f"upkeep runs on Linux only, not on {self.settings.os}.")
        check_min_cppstd(self, 20)
        oldest = {"gcc": "12", "clang": "14"}.get(str(self.settings.compiler))
        if oldest and Version(self.settings.compiler.version) < oldest:
            raise ConanInvalidConfiguration(f"upkeep needs {self.settings.compiler} {oldest} or later.")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False
        toolchain.cache_variables["BUILD_TESTING"] = False
        toolchain.cache_variables["UPKEEP_BUILD_EXAMPLES"] = False
        shared = {part.get("shares") for part in self._chosen().values()}
        for name, part in PARTS.items():
            chosen = name in self._chosen()
            if "builds" in part:
                toolchain.cache_variables[part["builds"]] = chosen
            elif chosen or name not in shared:  # what was not asked for must not slip in because it is there
                toolchain.cache_variables[f"CMAKE_{'REQUIRE' if chosen else 'DISABLE'}_FIND_PACKAGE_{part['finds']}"] = True
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))  # Conan's own generator knows where the dependencies lie

    def package_id(self):
        # Headers are the same for every machine and compiler. The options stay: they decide which parts the package holds.
        if self.package_type == "header-library":
            self.info.settings.clear()
            self.info.requires.clear()

    def package_info(self):
        # CMake uses the files that upkeep installs everywhere; what follows them here is for the other build systems.
        self.cpp_info.set_property("cmake_find_mode", "none")
        there = {require.ref.name for require, _ in self.dependencies.host.items()}
        for name, part in {"core": {"needs": NEEDS}, **self._chosen()}.items():
            component = self.cpp_info.components[name]
            component.set_property("pkg_config_name", "upkeep" if name == "core" else f"upkeep-{name}")
            component.bindirs = []
            component.libdirs = ["lib"] if "libs" in part else []
            component.builddirs = [os.path.join("lib", "cmake", "upkeep")]
            component.defines = part.get("defines", [])
            component.libs = part.get("libs", [])
            if name == "core":
                component.system_libs.append("pthread")
            else:
                component.requires.append("core")
            for reference, conan_name, system_name in part.get("needs", []):
                if reference.split("/")[0] in there:
                    component.requires.append(conan_name)
                elif str(system_name).endswith(".pc"):  # a [platform_requires] of the profile, as the next
                    PkgConfig(self, system_name.removesuffix(".pc")).fill_cpp_info(component)
                elif system_name:
                    component.system_libs.append(system_name)
