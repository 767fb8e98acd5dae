import Tensors

/// A reference's elements in an order that a mistake would leave them in.
struct Rearrangement {
    var cause: Cause
    /// What happened, as a sentence's end.
    var explanation: String
    /// The reference with the mistake made; elements move when they are read.
    var make: () -> Tensor

    init(_ cause: Cause, _ explanation: String, _ make: @autoclosure @escaping () -> Tensor) {
        self.cause = cause
        self.explanation = explanation
        self.make = make
    }
}

extension Rearrangement {
    /// What mistakes can make of a reference whose elements keep to the given shape, likeliest first.
    static func candidates(
        _ reference: Tensor, _ context: TensorContext, shape: [Int]
    ) -> [Rearrangement] {
        switch context.role {
        case .kernel where (3...5).contains(reference.rank):
            reversedInputs(reference, context) + turnedAxes(reference)
                + mirrored(reference) + mistakenLayouts(reference, shape)
        case .dense where reference.rank == 2:
            flattenOrders(reference, context) + transposed(reference, shape)
        case .other where (2...4).contains(reference.rank): axisOrders(reference, shape)
        default: []
        }
    }

    private static func reversedInputs(
        _ kernel: Tensor, _ context: TensorContext
    ) -> [Rearrangement] {
        guard context.isFirst, (2...4).contains(kernel.shape[1]) else { return [] }
        let words = "the input channels are in opposite order (BGR for RGB)"
        return [Rearrangement(.inputChannelsReversed, words, kernel.mirrored([1]))]
    }

    /// The axes in every other order, under the shape that belongs to it.
    private static func turnedAxes(_ kernel: Tensor) -> [Rearrangement] {
        let rank = kernel.rank
        var spatial = Array(0..<rank)
        if rank == 4 { spatial.swapAt(2, 3) }
        var channels = Array(0..<rank)
        channels.swapAt(0, 1)
        let others = permutations(of: rank).filter { $0 != channels && $0 != spatial }
        return ([spatial, channels] + others).filter { $0 != Array(0..<rank) }.map { axes in
            let (cause, words): (Cause, String) =
                axes == spatial
                ? (.kernelHeightWidthSwapped, "height and width of the kernel are exchanged")
                : axes == channels
                    ? (.kernelInOutSwapped, "input and output channels are exchanged")
                    : (.kernelLayout, "the kernel's axes are in the order \(letters(axes))")
            return Rearrangement(cause, words, kernel.permuted(axes))
        }
    }

    /// Turned by 180°, mirrored along one axis, and both with the channels exchanged.
    private static func mirrored(_ kernel: Tensor) -> [Rearrangement] {
        let spatial = Array(2..<kernel.rank)
        var list = [
            Rearrangement(
                .kernelFlipped, "the kernel is turned by 180°", kernel.mirrored(spatial))
        ]
        if spatial.count == 2 {
            for (axis, name) in [(2, "top to bottom"), (3, "left to right")] {
                list.append(
                    Rearrangement(
                        .kernelMirrored, "the kernel is mirrored \(name)",
                        kernel.mirrored([axis])))
            }
        }
        list.append(
            Rearrangement(
                .kernelFlipped,
                "the kernel is turned by 180°, input and output channels exchanged",
                kernel.mirrored(spatial).permuted([1, 0] + spatial)))
        return list
    }

    /// Bytes in another order of axes, under the shape of the right one.
    private static func mistakenLayouts(_ kernel: Tensor, _ shape: [Int]) -> [Rearrangement] {
        permutations(of: kernel.rank).dropFirst().map { axes in
            Rearrangement(
                .kernelLayout,
                "the elements are in \(letters(axes)) order under the shape of "
                    + letters(Array(axes.indices)),
                kernel.permuted(axes).reshapedIfPossible(shape))
        }
    }

    /// Constants of no particular layout: axes turned around, or their bytes.
    private static func axisOrders(_ tensor: Tensor, _ shape: [Int]) -> [Rearrangement] {
        permutations(of: tensor.rank).dropFirst().flatMap { axes in
            [
                Rearrangement(
                    .kernelLayout, "the axes are in the order \(axes)", tensor.permuted(axes)),
                Rearrangement(
                    .kernelLayout, "the elements are in the order of axes \(axes)",
                    tensor.permuted(axes).reshapedIfPossible(shape)),
            ]
        }
    }

    private static func flattenOrders(
        _ matrix: Tensor, _ context: TensorContext
    ) -> [Rearrangement] {
        guard let picture = context.flattened, picture.count == 3,
            picture.reduce(1, *) == matrix.shape[1]
        else { return [] }
        let outputs = matrix.shape[0]
        func reordered(_ tensor: Tensor, _ sizes: [Int], _ axes: [Int]) -> Tensor {
            tensor.reshaped([outputs] + sizes).permuted([0] + axes.map { $0 + 1 })
                .reshaped(matrix.shape)
        }
        let (c, h, w) = (picture[0], picture[1], picture[2])
        let size = "\(c)×\(h)×\(w)"
        func toHWC(_ tensor: Tensor) -> Tensor { reordered(tensor, [c, h, w], [1, 2, 0]) }
        func toCHW(_ tensor: Tensor) -> Tensor { reordered(tensor, [h, w, c], [2, 0, 1]) }
        let once = [
            ("the flattened \(size) inputs count in HWC order for CHW", toHWC(matrix)),
            ("the flattened \(size) inputs were taken for HWC and moved to CHW", toCHW(matrix)),
            ("the flattened \(size) inputs were moved from CHW to HWC twice", toHWC(toHWC(matrix))),
            ("the flattened \(size) inputs were moved from HWC to CHW twice", toCHW(toCHW(matrix))),
        ]
        let others = [[0, 2, 1], [1, 0, 2], [2, 1, 0]].map { axes in
            (
                "the flattened \(size) inputs count in \(letters(axes, of: "CHW")) order for CHW",
                reordered(matrix, [c, h, w], axes)
            )
        }
        return (once + others).map { words, made in Rearrangement(.flattenOrder, words, made) }
    }

    private static func transposed(_ matrix: Tensor, _ shape: [Int]) -> [Rearrangement] {
        let turned = matrix.permuted([1, 0])
        return [
            Rearrangement(.denseTransposed, "the matrix is transposed: [in, out]", turned),
            Rearrangement(
                .denseTransposed, "the elements are in [in, out] order under the shape [out, in]",
                turned.reshapedIfPossible(shape)),
        ]
    }

    /// The axes' letters in an order: OIHW in its own.
    private static func letters(_ axes: [Int], of names: String? = nil) -> String {
        let usual = axes.count == 3 ? "OIW" : axes.count == 4 ? "OIHW" : "OIDHW"
        let names = Array(names ?? usual)
        return String(axes.map { names[$0] })
    }
}

/// All orders of `0..<count`, its own first.
func permutations(of count: Int) -> [[Int]] {
    if count == 0 { return [[]] }
    return permutations(of: count - 1).flatMap { shorter in
        (0...shorter.count).reversed().map { place in
            var longer = shorter
            longer.insert(count - 1, at: place)
            return longer
        }
    }
}

extension Tensor {
    /// The same elements under `shape`; unchanged where that has another number of them.
    fileprivate func reshapedIfPossible(_ shape: [Int]) -> Tensor {
        shape.reduce(1, *) == elementCount ? reshaped(shape) : self
    }

    /// The elements of the given axes in opposite order.
    func mirrored(_ axes: [Int]) -> Tensor {
        let source = settled
        let inner = shape.dropFirst((axes.max() ?? 0) + 1).reduce(1, *)
        let outer = Array(shape.prefix((axes.max() ?? 0) + 1))
        let size = inner * elementType.size
        let count = outer.reduce(1, *)
        let storage = unsafe ByteStorage(count: byteCount) { buffer in
            unsafe source.withUnsafeBytes { bytes in
                for block in 0..<(size > 0 ? count : 0) {
                    var from = 0
                    for (axis, index) in coordinates(of: block, in: outer).enumerated() {
                        let place = axes.contains(axis) ? outer[axis] - 1 - index : index
                        from = from * outer[axis] + place
                    }
                    let run = unsafe bytes[from * size..<(from + 1) * size]
                    unsafe UnsafeMutableRawBufferPointer(
                        rebasing: buffer[block * size..<(block + 1) * size]
                    ).copyMemory(from: UnsafeRawBufferPointer(rebasing: run))
                }
            }
        }
        return Tensor(elementType: elementType, shape: shape, storage: storage)
    }
}
