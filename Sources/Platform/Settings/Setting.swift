/// An environment variable that configures the program.
package struct Setting: Sendable, Hashable {
    /// Never changes once it is released.
    package let name: String
    /// One line of `caresync settings` and of the documentation: what it means, and its default.
    package let meaning: String
    /// A secret is never shown. It may be read from the file named by the variable with `_FILE` appended.
    package let isSecret: Bool

    package init(_ name: String, _ meaning: String, isSecret: Bool = false) {
        self.name = name
        self.meaning = meaning
        self.isSecret = isSecret
    }

    package var fileVariable: String { name + "_FILE" }
}

/// What is wrong with one value: the end of a sentence that begins with the name of the setting.
package struct SettingError: Error {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

package enum DeploymentMode: String, Sendable, CaseIterable {
    case development, production
}

/// Whether something that production insists on is asked for here.
package enum Requirement: String, Sendable, CaseIterable {
    case required, optional
}
