package import KernelInterface

/// Output positions and 16-lane vectors of a convolution's register tile: 24 of 32 registers.
@inline(always) var tileRows: Int { 12 }
@inline(always) var tileVectors: Int { 2 }
@inline(always) var panelWidth: Int { tileVectors * 16 }

typealias Accumulators = InlineArray<24, Lanes>
typealias Rows = InlineArray<12, UnsafePointer<Float>>
typealias Panel = InlineArray<2, Lanes>

/// Calls `body` with each row of the tile: written out, so that accumulators stay in registers.
@inline(always)
func eachTileRow(_ body: (Int) -> Void) {
    body(0)
    body(1)
    body(2)
    body(3)
    body(4)
    body(5)
    body(6)
    body(7)
    body(8)
    body(9)
    body(10)
    body(11)
}

/// Rows of the tile for what whole tiles leave over.
@inline(always) var shortRows: Int { 4 }

typealias ShortAccumulators = InlineArray<8, Lanes>
typealias Groups = InlineArray<3, UnsafePointer<Float>>

@inline(always)
func eachShortRow(_ body: (Int) -> Void) {
    body(0)
    body(1)
    body(2)
    body(3)
}

/// Images a dense layer computes side by side at most, 4 rows each.
@inline(always) var denseImages: Int { 6 }

/// Kernels for x86-64-v4: AVX-512.
package let avx512Kernels = kernelSet(named: "avx512")
