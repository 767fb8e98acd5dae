package import KernelInterface

/// Output positions and 16-lane vectors of a convolution's register tile: 8 of 16 registers.
@inline(always) var tileRows: Int { 2 }
@inline(always) var tileVectors: Int { 1 }
@inline(always) var panelWidth: Int { tileVectors * 16 }

typealias Accumulators = InlineArray<2, Lanes>
typealias Rows = InlineArray<2, UnsafePointer<Float>>
typealias Panel = InlineArray<1, Lanes>

/// Calls `body` with each row of the tile: written out, so that accumulators stay in registers.
@inline(always)
func eachTileRow(_ body: (Int) -> Void) {
    body(0)
    body(1)
}

/// Rows of the tile for what whole tiles leave over.
@inline(always) var shortRows: Int { 2 }

typealias ShortAccumulators = InlineArray<2, Lanes>
typealias Groups = InlineArray<1, UnsafePointer<Float>>

@inline(always)
func eachShortRow(_ body: (Int) -> Void) {
    body(0)
    body(1)
}

/// Images a dense layer computes side by side at most, 4 rows each.
@inline(always) var denseImages: Int { 1 }

/// Kernels for the platform's minimum.
package let baselineKernels = kernelSet(named: "baseline")
