import Foundation

/// Reads settings one by one and collects what is wrong with them.
package struct SettingsReader {
    /// The effective value of a setting, for `caresync check`.
    package struct Reading {
        package let setting: Setting
        package let shown: String
    }

    /// Defaults depend on it.
    package let mode: DeploymentMode
    private let environment: [String: String]
    package private(set) var mistakes: [String] = []
    package private(set) var readings: [Reading] = []

    /// - Parameter setting: tells the mode; development when it is absent or wrong.
    package init(environment: [String: String], mode setting: Setting) {
        self.environment = environment
        var reader = SettingsReader(environment: environment)
        mode = reader.value(setting, default: .development, shown: "development", SettingValues.choice)
        mistakes = reader.mistakes
        readings = reader.readings
    }

    private init(environment: [String: String]) {
        self.environment = environment
        mode = .development
    }

    /// What production asks for and development does not.
    package mutating func requirement(_ setting: Setting) -> Requirement {
        let standard: Requirement = mode == .production ? .required : .optional
        return value(setting, default: standard, shown: standard.rawValue, SettingValues.choice)
    }

    /// The parsed value, or the default when the variable is absent, empty or wrong.
    package mutating func value<Value>(
        _ setting: Setting, default fallback: Value, shown: String, _ parse: (String) throws -> Value
    ) -> Value {
        guard let text = text(setting) else {
            readings.append(Reading(setting: setting, shown: shown))
            return fallback
        }
        readings.append(Reading(setting: setting, shown: text))
        return attempt(setting) { try parse(text) } ?? fallback
    }

    /// The parsed value of a secret, or `nil` when it is absent or wrong. `shown` must not tell it.
    package mutating func secret<Value>(
        _ setting: Setting, absent: String, shown: (Value) -> String = { _ in "given" },
        _ parse: (String) throws -> Value
    ) -> Value? {
        guard let text = text(setting) else {
            readings.append(Reading(setting: setting, shown: absent))
            return nil
        }
        let value = attempt(setting) { try parse(text) }
        readings.append(Reading(setting: setting, shown: value.map(shown) ?? "wrong"))
        return value
    }

    package mutating func complain(_ setting: Setting, _ text: String) {
        mistakes.append("\(setting.name) \(text)")
    }

    /// Whether the variable, or for a secret its file, is there at all.
    package func isGiven(_ setting: Setting) -> Bool {
        raw(setting.name) != nil || (setting.isSecret && raw(setting.fileVariable) != nil)
    }

    private mutating func attempt<Value>(_ setting: Setting, _ parse: () throws -> Value) -> Value? {
        do {
            return try parse()
        } catch {
            complain(setting, (error as? SettingError)?.text ?? "\(error)")
            return nil
        }
    }

    private mutating func text(_ setting: Setting) -> String? {
        let direct = raw(setting.name)
        guard setting.isSecret, let path = raw(setting.fileVariable) else { return direct }
        guard direct == nil else {
            complain(setting, "and \(setting.fileVariable) are both given; remove one")
            return direct
        }
        guard let content = try? String(contentsOfFile: path, encoding: .utf8) else {  // The reason is told below.
            mistakes.append("\(setting.fileVariable) names a file that cannot be read: \(path)")
            return nil
        }
        let trimmed = content.trimmingCharacters(in: .whitespacesAndNewlines)
        if trimmed.isEmpty { mistakes.append("\(setting.fileVariable) names an empty file: \(path)") }
        return trimmed.isEmpty ? nil : trimmed
    }

    /// An empty variable counts as absent, as in compose files that pass every variable on.
    private func raw(_ name: String) -> String? {
        let text = environment[name]?.trimmingCharacters(in: .whitespacesAndNewlines)
        return text?.isEmpty == false ? text : nil
    }
}
