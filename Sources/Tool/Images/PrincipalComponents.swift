/// The principal components of pixels' colours, of values in 0…1.
package struct PrincipalComponents: Equatable, Sendable {
    /// λ: the covariance's eigenvalues, the largest first, none negative.
    package let values: [Double]
    /// p: unit vectors of red, green, blue, one for each λ.
    package let vectors: [[Double]]

    /// The components of a covariance.
    package init(of covariance: SymmetricMatrix) {
        let (values, vectors) = covariance.eigensystem()
        // A covariance has no negative eigenvalue, only rounding has.
        self.values = values.map { max(0, $0) }
        self.vectors = vectors
    }

    /// Components from elsewhere; nil unless there are three λ, falling and none negative, and
    /// three vectors of length 1 at right angles (within 10⁻³, for those printed with few digits).
    package init?(values: [Double], vectors: [[Double]]) {
        guard values.count == 3, values.allSatisfy({ $0 >= 0 && $0 <= 1 }),
            values[0] >= values[1], values[1] >= values[2],
            vectors.count == 3, vectors.allSatisfy({ $0.count == 3 })
        else { return nil }
        for (index, vector) in vectors.enumerated() {
            for other in index..<3 {
                let product = zip(vector, vectors[other]).reduce(0) { $0 + $1.0 * $1.1 }
                let isRight = (product - (index == other ? 1 : 0)).magnitude <= 1e-3
                guard isRight else { return nil }
            }
        }
        self.values = values
        self.vectors = vectors
    }
}
