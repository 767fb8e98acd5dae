import FerryCommands
import Testing

struct PatternTests {
    @Test(arguments: [
        (#"^module\.="#, "module.features.0", "features.0"),
        (#"^module\.="#, "modulexfeatures", "modulexfeatures"),
        (#"features\.(\d+)=block$1.conv"#, "features.12.weight", "block12.conv.weight"),
        (#"(\w+)\.(\w+)=$2/$1"#, "a.b.c.d", "b/a.d/c"),
        ("a*=x", "baac", "xbxxcx"),
        ("a*?b=x", "aaab", "x"),
        ("(a|ab)(c|bcd)=$1-$2", "abcd", "a-bcd"),
        ("(?:kernel|W)(?:_\\d+)?:0$=weight", "conv_W_1:0", "conv_weight"),
        ("[^./]+$=last", "a/b.c", "a/b.last"),
        ("[]x-z-]=_", "a]y-b", "a___b"),
        ("a{2,3}=x", "aaaaaaa", "xxa"), ("a{2}=x", "aaa", "xa"), ("a{2,}?=x", "aaaa", "xx"),
        ("=x", "ab", "xaxbx"), ("^=model.", "w", "model.w"), ("$=.w", "a", "a.w"),
        (#"a\=b=$$$0"#, "a=b", "$a=b"),
        ("(x)|(y)=[$1$2]", "xyz", "[x][y]z"),
        ("é.=e", "é💾", "e"), (#"\t=_"#, "a\tb", "a_b"), ("(a*)*b=x", "aab", "x"),
    ])
    func `every match is replaced`(_ rule: String, _ name: String, _ expected: String) throws {
        #expect(try replaced(rule, [name]) ?? [name] == [expected])
    }

    @Test(arguments: [
        ("abc", "expected REGEX=REPLACEMENT"),
        ("a(b=x", "character 2: expected ')' for this group, found none"),
        ("a)b=x", "character 2: expected '(' before it"),
        ("[a-=x", "character 1: expected ']'"), ("[z-a]=x", "character 2: expected a range"),
        ("*a=x", "character 1: expected something to count"),
        ("a**=x", "character 3: expected one count"),
        ("a{3,2}=x", "character 2: expected a count such as"),
        ("a{9999}=x", "character 2: expected a count up to 1000"),
        ("a{=x", "character 2: expected a count"),
        (#"\q=x"#, "character 1: expected \\d"), (#"a\b=x"#, "character 2: expected \\d"),
        (#"(?<n>a)=x"#, "character 1: expected '(?:'"),
        (#"(?=a)=x"#, "character 1: expected '(?:'"),
        ("[\\D]=x", "character 2: expected no negated class"),
        ("a=$1", "expected $0 to $0"), ("(a)=$2", "found '$2'"), ("a=$", "found '$'"),
        ("((a{100}){100}){100}=x", "a pattern too large"),
    ])
    func `a bad rule is refused with its place`(_ rule: String, _ words: String) {
        #expect {
            try Replacement(rule)
        } throws: {
            "\($0)".contains("--rename") && "\($0)".contains(words)
        }
    }

    @Test func `long and deep patterns are refused`() {
        let long = String(repeating: "a", count: 1001) + "=x"
        #expect { try Replacement(long) } throws: { "\($0)".contains("at most 1000") }
        let deep = String(repeating: "(", count: 400) + String(repeating: ")", count: 400) + "=x"
        #expect { try Replacement(deep) } throws: { "\($0)".contains("at most 50 deep") }
    }

    @Test(arguments: ["(a+)+$=x", "(a|a)*b=x", "(a|aa)+$=x", "(.*)(.*)(.*)(.*)(.*)z=x"])
    func `patterns that take others exponential time end at once`(rule: String) throws {
        let name = String(repeating: "a", count: 5000) + "!"
        let start = ContinuousClock.now
        #expect(try replaced(rule, [name]) == nil)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func `work without end is refused`() throws {
        let names = [String](repeating: String(repeating: "a", count: 100_000), count: 50)
        #expect {
            try replaced("(a?){100}(a?){100}b=x", names)
        } throws: { "\($0)".contains("steps") }
    }

    @Test func `names do not grow without end`() {
        let growing = ".+=" + String(repeating: "$0", count: 2000)
        for names in [["a", String(repeating: "b", count: 1 << 20)], ["\(Int.max) and more"]] {
            #expect {
                try (0..<3).reduce(names) { names, _ in try replaced(growing, names) ?? names }
            } throws: {
                "\($0)".contains("expected names of at most 65536 letters, found longer ones")
            }
        }
    }

    private func replaced(_ rule: String, _ names: [String]) throws -> [String]? {
        var steps = PatternLimits.steps
        return try Replacement(rule).applied(to: names, within: &steps)
    }
}
