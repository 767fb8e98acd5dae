# Every target is a script in Scripts/, which can also be called by itself.

.PHONY: help demo test check lint layers isa aarch64 bench bench-peers dialects mutate fixtures protos clean

scripts := ./Scripts

help:
	@echo 'make demo      build Ferry and show it at work, step by step'
	@echo 'make test      run all tests'
	@echo 'make check     build, lint, layers, isa, generated code, aarch64, then all tests'
	@echo 'make bench     time LeNet-5, AlexNet and VGG-16'
	@echo 'make bench-peers  the same beside ONNX Runtime, OpenVINO, ncnn and PyTorch (needs Python)'
	@echo 'make dialects  carry small networks between all file formats, opened by their frameworks (needs Python)'
	@echo 'make mutate    make mistakes of converters on purpose; does Ferry catch each? (needs Python)'
	@echo 'make fixtures  make the files tests compare with anew (needs Python)'
	@echo 'make protos    generate the C messages of ONNX anew (needs protoc-c)'
	@echo 'make clean     remove what was built'

demo:
	@$(scripts)/demo.sh

test:
	@$(scripts)/dependencies.sh
	@$(scripts)/test.sh

check:
	@$(scripts)/dependencies.sh --protos
	@$(scripts)/check.sh
	@$(scripts)/test.sh

lint:
	@swift format lint --strict --recursive Package.swift Sources Tests Scripts

layers:
	@$(scripts)/check-layers.sh

isa:
	@$(scripts)/build.sh --product ferry
	@$(scripts)/check-isa.sh

aarch64:
	@$(scripts)/check-aarch64.sh --run

bench:
	@$(scripts)/dependencies.sh
	@$(scripts)/bench.sh

bench-peers:
	@$(scripts)/dependencies.sh
	@$(scripts)/bench-peers.sh

dialects:
	@$(scripts)/dependencies.sh
	@$(scripts)/prove.sh dialects

mutate:
	@$(scripts)/dependencies.sh
	@$(scripts)/prove.sh mutations

fixtures:
	@Fixtures/generate/all.sh

protos:
	@$(scripts)/dependencies.sh --protos
	@$(scripts)/protos.sh

clean:
	@rm -rf .build Demo
