# The whole way for a newcomer: each of these installs what is missing, builds and does what it says.
# Everything lies under build/; `make clean` removes it.

PREFIX ?= /usr/local
# As many compilers at once as there are cores and, at 1.5 GB each, memory.
JOBS ?= $(shell awk -v cores="$$(nproc)" '/MemAvailable/ {fit = int($$2 / 1.5e6)} \
	END {print fit < 1 ? 1 : (fit < cores ? fit : cores)}' /proc/meminfo 2>/dev/null || nproc)
export CTEST_PARALLEL_LEVEL ?= $(JOBS)
# Several files a compiler call: a build from nothing takes a third of the time. OFF suits editing, with ccache.
UNITY ?= ON

.PHONY: help packages debug release test bench demo study-camera install clean
.DEFAULT_GOAL := help

help:
	@echo 'make test      install the Debian packages, build with sanitisers, run every test'
	@echo 'make demo      install the packages, build, audit the classifiers of the examples (clothes, weld seams), say where the reports are'
	@echo 'make release   install the packages, build build/release/assay, the examples and the benchmarks'
	@echo 'make study-camera  the camera study on the weld example; long, resumes'
	@echo 'make bench     run the benchmarks (docs/performance.md)'
	@echo 'make install   install the release to PREFIX (now $(PREFIX))'
	@echo 'make packages  only install the packages of packages.txt'
	@echo 'make clean     remove build/'

packages:
	@tools/install_packages.sh packages.txt

debug release: packages
	@echo '== building build/$@ with $(JOBS) jobs'
	cmake --preset $@ -DCMAKE_UNITY_BUILD=$(UNITY)
	cmake --build --preset $@ --parallel $(JOBS)

test: debug
	@tools/run_tests.sh build/debug

demo: release
	@tools/run_demo.sh build/release build/demo

bench: release
	@for program in build/release/*_benchmark; do "$$program" || exit 1; done

study-camera: release
	@tools/study_camera.sh build/release build/study-camera

install: release
	cmake --install build/release --prefix '$(PREFIX)'

clean:
	rm -rf build
