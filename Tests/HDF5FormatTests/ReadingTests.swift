import CHDF5
import FormatInterface
import HDF5Format
import IR
import Tensors
import TestSupport
import Testing

/// Variants that other writers leave behind.
@Suite struct Reading {
    @Test(arguments: [false, true])
    func `chunked, shuffled, deflated and checksummed data is read`(_ latest: Bool) throws {
        let scratch = try Scratch()
        let read = try StateDictHDF5Format.read(makeChunked(scratch, latest: latest))
        let bytes = (0..<400).map { UInt8(truncatingIfNeeded: $0) }
        let expected = Tensor(
            elementType: .float32, shape: [10, 10], storage: ByteStorage(bytes))
        #expect(read.tensors.map(\.name) == ["chunked"])
        #expect(read.tensors[0].tensor.isBitEqual(to: expected))
    }

    @Test func `a user block, compact and big-endian data are read`() throws {
        let scratch = try Scratch()
        let file = try scratch.make(userBlock: 2048) { file in
            let compact = H5Pcreate(ferry_H5P_DATASET_CREATE())
            H5Pset_layout(compact, H5D_COMPACT)
            makeDataset(
                "compact", in: file, creation: compact, bytes: [0, 0, 128, 63, 0, 0, 0, 64])
            let big = H5Tcopy(ferry_H5T_IEEE_F32LE())
            H5Tset_order(big, H5T_ORDER_BE)
            makeDataset("big", in: file, type: big, bytes: [63, 128, 0, 0, 64, 0, 0, 0])
            makeDataset("plain", in: file, bytes: [0, 0, 128, 63, 0, 0, 0, 64])
        }
        #expect(StateDictHDF5Format.recognizes(file))
        let read = try StateDictHDF5Format.read(file)
        #expect(read.tensors.map(\.name) == ["big", "compact", "plain"])
        for tensor in read.tensors { #expect(tensor.tensor.floats() == [1, 2]) }
    }

    @Test func `a dataset never written holds zeros`() throws {
        let scratch = try Scratch()
        let file = try scratch.make { makeDataset("a", in: $0, shape: [3]) }
        #expect(try StateDictHDF5Format.read(file).tensors[0].tensor.floats() == [0, 0, 0])
    }

    @Test func `groups become dotted names`() throws {
        let scratch = try Scratch()
        let file = try scratch.make { file in
            let group = unsafe H5Gcreate2(file, "features", 0, 0, 0)
            makeDataset("weight", in: unsafe H5Gcreate2(group, "0", 0, 0, 0))
        }
        #expect(try StateDictHDF5Format.read(file).tensors.map(\.name) == ["features.0.weight"])
    }

    @Test func `one dataset under two names is read twice`() throws {
        let scratch = try Scratch()
        let file = try scratch.make { file in
            makeDataset("a", in: file, bytes: [0, 0, 128, 63, 0, 0, 0, 64])
            unsafe _ = H5Lcreate_hard(file, "a", file, "b", 0, 0)
        }
        let read = try StateDictHDF5Format.read(file)
        #expect(read.tensors.map { $0.tensor.floats() } == [[1, 2], [1, 2]])
    }

    @Test(arguments: [H5T_STR_NULLTERM, H5T_STR_NULLPAD, H5T_STR_SPACEPAD])
    func `fixed-length texts lose their padding`(_ padding: H5T_str_t) throws {
        let scratch = try Scratch()
        let filler: UInt8 = padding == H5T_STR_SPACEPAD ? 0x20 : 0
        let file = try scratch.make { file in
            let type = H5Tcopy(ferry_H5T_C_S1())
            H5Tset_size(type, 4)
            H5Tset_strpad(type, padding)
            addAttribute(
                "list", to: file, type, [2], [0x61, 0x62, filler, filler, 0x63, 0x64, 0x65, filler])
            addAttribute("one", to: file, type, nil, [0x61, filler, filler, filler])
        }
        let contents = try HDF5File.contents(of: file)
        #expect(contents.attribute("list") == .strings(["ab", "cde"]))
        #expect(contents.attribute("one") == .string("a"))
    }

    @Test func `numbers and kinds that nobody reads are told apart`() throws {
        let scratch = try Scratch()
        let file = try scratch.make { file in
            addAttribute("int", to: file, ferry_H5T_STD_I8LE(), nil, [0xFF])
            addAttribute("ints", to: file, ferry_H5T_STD_U8LE(), [2], [1, 2])
            addAttribute("none", to: file, ferry_H5T_IEEE_F64LE(), [0], [0])
            addAttribute("table", to: file, ferry_H5T_STD_U8LE(), [1, 1], [1])
            addAttribute("opaque", to: file, H5Tcreate(H5T_OPAQUE, 2), nil, [1, 2])
        }
        let contents = try HDF5File.contents(of: file)
        #expect(contents.attribute("int") == .numbers([-1]))
        #expect(contents.attribute("ints") == .numbers([1, 2]))
        #expect(contents.attribute("none") == .numbers([]))
        #expect(contents.attribute("table") == .other("an array of 2 axes"))
        #expect(contents.attribute("opaque")?.kind.contains("opaque") == true)
    }

    @Test func `text that is not UTF-8 is refused`() throws {
        let scratch = try Scratch()
        let file = try scratch.make { file in
            addAttribute("bad", to: file, ferry_H5T_C_S1(), nil, [0xFF])
        }
        #expect(throws: InputError.self) { try HDF5File.contents(of: file) }
    }

    private func addAttribute(
        _ name: String, to object: hid_t, _ type: hid_t, _ shape: [hsize_t]?, _ bytes: [UInt8]
    ) {
        let space =
            shape.map { unsafe H5Screate_simple(Int32($0.count), $0, nil) } ?? H5Screate(H5S_SCALAR)
        let attribute = unsafe H5Acreate2(object, name, type, space, 0, 0)
        unsafe _ = H5Awrite(attribute, type, bytes)
        H5Aclose(attribute)
    }
}
