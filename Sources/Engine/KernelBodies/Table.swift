import KernelInterface

/// This target's kernels under the name users choose them by.
func kernelSet(named name: String) -> KernelSet {
    unsafe KernelSet(
        name: name, panelWidth: panelWidth, tileRows: tileRows, shortRows: shortRows,
        convolve: convolve, multiply: multiply, convolvePadded: convolvePadded,
        convolveByLane: convolveByLane, convolveAlongRows: convolveAlongRows,
        packImages: packImages, dense: dense, denseVector: denseVector,
        densePanels: densePanels, pool: pool, normalizeAcrossChannels: normalizeAcrossChannels,
        scaleChannels: scaleChannels, divideChannels: divideChannels,
        applyFunction: applyFunction, clamp: clamp, add: add, transpose: transpose,
        winogradWeights: winogradWeights, winogradInput: winogradInput,
        winogradOutput: winogradOutput, probeFMA: probeFMA, probeFMAs: tileRows * tileVectors,
        probeRead: probeRead)
}
