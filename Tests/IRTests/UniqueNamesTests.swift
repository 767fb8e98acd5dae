import IR
import Testing

struct UniqueNamesTests {
    @Test func `a name that is taken gets the next free number`() {
        var names = UniqueNames(taken: ["a", "a_2"])
        names.insert("b")
        #expect(
            ["a", "a", "b", "c", "a_1"].map { names.fresh($0) } == [
                "a_1", "a_3", "b_1", "c", "a_1_1",
            ])
    }

    /// Each in the time of the first, or this would not end.
    @Test func `a hundred thousand equal wishes get a name each`() {
        var names = UniqueNames()
        #expect(Set((0..<100_000).map { _ in names.fresh("sum") }).count == 100_000)
    }
}
