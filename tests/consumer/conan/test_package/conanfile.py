"""A consumer of the package that was just made: by CMake as everybody else, and by pkg-config for what is not built with CMake."""
import os

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout


class UpkeepTestConan(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeDeps", "PkgConfigDeps"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def _upkeep(self):
        return self.dependencies["upkeep"]

    def _parts(self):
        return [name for name, value in self._upkeep().options.items() if value == "True"]

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False
        toolchain.cache_variables["WANTED"] = str(self._upkeep().ref.version)
        toolchain.cache_variables["COMPONENTS"] = ";".join(self._parts())
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure(build_script_folder=os.path.join("..", "..", "installed"))
        cmake.build()
        compiler = self.conf.get("tools.build:compiler_executables", default={}, check_type=dict).get("cpp", "c++")
        module, program = self._by_pkg_config()
        source = os.path.join(self.source_folder, "..", "..", program + ".cpp")
        self.run(f'export PKG_CONFIG_PATH="{self.generators_folder}" && flags=$(pkg-config --cflags --libs {module}) && '
                 f'eval "{compiler} -std=c++20 {source} -o by_pkg_config $flags"')

    def _by_pkg_config(self):
        """One module is enough, the last: it requires upkeep, whose file names the rest."""
        parts = self._parts()
        return ("upkeep-" + parts[-1], parts[-1] + "_program") if parts else ("upkeep", "program")

    def test(self):
        if can_run(self):
            for program in ["program", "by_pkg_config"] + [part + "_program" for part in self._parts()]:
                self.run(os.path.join(self.cpp.build.bindir, program), env="conanrun")
