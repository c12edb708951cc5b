/// Everything that is wrong with the configuration, so that it can be fixed in one go.
package struct ConfigurationMistakes: Error, Equatable, CustomStringConvertible {
    /// Each begins with the name of the setting and never shows a secret.
    package let list: [String]

    package var description: String {
        (["The configuration cannot be used:"] + list.map { "  " + $0 }).joined(separator: "\n")
    }
}
