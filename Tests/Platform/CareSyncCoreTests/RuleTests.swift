import CareSyncCore
import Testing

@Suite("Rules of requests")
struct RuleTests {
    private struct Form: Validated {
        var name = "Ada"
        var note: String?
        var nick: String?
        var age: Int?

        static let rules: [Rule<Self>] = [
            .text("name", \.name, .line, 5),
            .maxLength("note", \.note, 4),
            .length("nick", \.nick, 2...3),
            .range("age", \.age, 0...150),
            Rule("age", .described("is even")) { ($0.age ?? 0).isMultiple(of: 2) ? nil : "must be even" },
        ]
    }

    @Test("a form within its rules has no errors")
    func valid() {
        #expect(Form().fieldErrors().isEmpty)
        #expect(Form(name: "Grace", note: "four", nick: "ab", age: 150).fieldErrors().isEmpty)
    }

    @Test("lengths count characters, not bytes", arguments: ["नमस्त", "日本語です", "éééé", "💊💊💊💊💊"])
    func characters(_ text: String) {
        #expect(Form(name: text).fieldErrors().isEmpty)
        #expect(Form(name: text + "xx").fieldErrors().map(\.field) == ["name"])
    }

    @Test("a character with a long tail of accents does not slip through, as the database counts it too")
    func accents() {
        let tail = "a" + String(repeating: "\u{301}", count: 1_000)
        #expect(
            Form(name: tail).fieldErrors() == [FieldError(field: "name", message: "must have at most 5 characters")])
        #expect(
            Form(note: tail).fieldErrors() == [FieldError(field: "note", message: "must have at most 4 characters")])
    }

    @Test("blank text is not enough where text is required", arguments: ["", " ", "\t\n", "\u{3000}\u{A0}"])
    func blank(_ text: String) {
        #expect(Form(name: text).fieldErrors() == [FieldError(field: "name", message: "must not be blank")])
    }

    @Test("every broken field is named once, with its first broken rule")
    func allBroken() {
        let errors = Form(name: "", note: "fives", nick: "a", age: 151).fieldErrors()
        #expect(errors.map(\.field) == ["name", "note", "nick", "age"])
        #expect(errors.last?.message == "must be from 0 to 150")
        #expect(Form(age: 3).fieldErrors() == [FieldError(field: "age", message: "must be even")])
    }
}
