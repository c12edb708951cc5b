import JSONCoding
import Testing

private struct Change: Codable, Equatable {
    var name: Patch<String>
    var age: Patch<Int>
    var tags: Patch<[String]>
}

@Suite("Patch")
struct PatchTests {
    @Test("absent, null and a value are told apart")
    func distinguishes() throws {
        let change = try decoded(Change.self, #"{"name":null,"age":4}"#)
        #expect(change == Change(name: .null, age: .value(4), tags: .absent))
        #expect(change.name.isPresent && change.age.isPresent && !change.tags.isPresent)
        #expect(change.name.value == nil && change.age.value == 4)
    }

    @Test("a patch is applied to the current value")
    func applies() {
        #expect(Patch<Int>.absent.applied(to: 1) == 1)
        #expect(Patch<Int>.null.applied(to: 1) == nil)
        #expect(Patch.value(2).applied(to: 1) == 2)
        #expect(Patch.value(2).applied(to: nil) == 2)
    }

    @Test("a wrong value is refused by its path")
    func refuses() {
        #expect(refusal(Change.self, #"{"age":"x"}"#) == "age must be a whole number")
        #expect(refusal(Change.self, #"{"tags":["a",1]}"#) == "tags[1] must be text")
    }

    @Test("every field is written, null when there is no value")
    func writes() throws {
        let change = Change(name: .value("a"), age: .null, tags: .absent)
        #expect(try encoded(change) == #"{"name":"a","age":null,"tags":null}"#)
        #expect(try decoded(Change.self, try encoded(change)) == Change(name: .value("a"), age: .null, tags: .null))
        #expect(try decoded([Patch<Int>].self, "[1,null]") == [.value(1), .null])
    }
}
