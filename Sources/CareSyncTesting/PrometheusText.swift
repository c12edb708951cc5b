/// A text in the exposition format 0.0.4 of Prometheus, read strictly: whatever the format does not allow is an error.
package struct PrometheusText {
    package struct Sample {
        package let name: String
        package let labels: [String: String]
        package let value: Double
    }

    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    package private(set) var types: [String: String] = [:]
    package private(set) var help: [String: String] = [:]
    package private(set) var samples: [Sample] = []

    package init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Malformed(description: "The last line has no end.") }
        var family = ""
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("# HELP ") {
                let parts = line.dropFirst(7).split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, help[String(parts[0])] == nil else { throw Self.malformed(line) }
                help[try Self.name(parts[0])] = try Self.unescaped(parts[1], quotes: false)
            } else if line.hasPrefix("# TYPE ") {
                let parts = line.dropFirst(7).split(separator: " ", omittingEmptySubsequences: false)
                guard parts.count == 2, types[String(parts[0])] == nil,
                    ["counter", "gauge", "histogram"].contains(parts[1])
                else { throw Self.malformed(line) }
                family = try Self.name(parts[0])
                types[family] = String(parts[1])
            } else {
                let sample = try Self.sample(line)
                let suffixes = types[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                guard suffixes.contains(where: { sample.name == family + $0 }) else { throw Self.malformed(line) }
                guard !samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels }) else {
                    throw Malformed(description: "Twice: \(line)")
                }
                samples.append(sample)
            }
        }
        try checkHistograms()
    }

    package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    /// Buckets grow, and the last of them is the count.
    private func checkHistograms() throws {
        for (name, type) in types where type == "histogram" {
            for count in samples where count.name == name + "_count" {
                let buckets = samples.filter { sample in
                    var labels = sample.labels
                    return sample.name == name + "_bucket" && labels.removeValue(forKey: "le") != nil
                        && labels == count.labels
                }
                let values = buckets.map(\.value)
                guard values == values.sorted(), values.last == count.value, buckets.last?.labels["le"] == "+Inf",
                    value(name + "_sum", count.labels) != nil
                else { throw Malformed(description: "The histogram \(name) of \(count.labels) is none.") }
            }
        }
    }

    private static func sample(_ line: Substring) throws -> Sample {
        var rest = line
        let name = try name(rest.prefix { $0 != "{" && $0 != " " })
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let label = try self.name(rest.prefix { $0 != "=" })
                rest = rest.dropFirst(label.count)
                guard rest.hasPrefix("=\""), labels[label] == nil else { throw malformed(line) }
                rest = rest.dropFirst(2)
                var value = Substring()
                while let sign = rest.first, sign != "\"" {
                    let length = sign == "\\" ? 2 : 1
                    value += rest.prefix(length)
                    rest = rest.dropFirst(length)
                }
                labels[label] = try unescaped(value, quotes: true)
                guard rest.first == "\"" else { throw malformed(line) }
                rest = rest.dropFirst()
                if rest.first == "," { rest = rest.dropFirst() } else if rest.first != "}" { throw malformed(line) }
            }
            rest = rest.dropFirst()
        }
        guard rest.first == " ", let value = number(rest.dropFirst()) else { throw malformed(line) }
        return Sample(name: name, labels: labels, value: value)
    }

    private static func number(_ text: Substring) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.utf8.allSatisfy { "0123456789+-.e".utf8.contains($0) } ? Double(text) : nil
        }
    }

    private static func name(_ text: Substring) throws -> String {
        guard text.wholeMatch(of: /[a-zA-Z_][a-zA-Z0-9_]*/) != nil else {
            throw Malformed(description: "'\(text)' is no name.")
        }
        return String(text)
    }

    private static func unescaped(_ text: Substring, quotes: Bool) throws -> String {
        var result = ""
        var isEscape = false
        for scalar in text.unicodeScalars {
            switch (isEscape, scalar) {
            case (false, "\\"): isEscape = true
            case (false, _): result.unicodeScalars.append(scalar)
            case (true, "\\"): (isEscape, _) = (false, result.unicodeScalars.append("\\"))
            case (true, "n"): (isEscape, _) = (false, result.unicodeScalars.append("\n"))
            case (true, "\"") where quotes: (isEscape, _) = (false, result.unicodeScalars.append("\""))
            case (true, _): throw Malformed(description: "'\\\(scalar)' is no escape.")
            }
        }
        guard !isEscape else { throw Malformed(description: "An escape has no end.") }
        return result
    }

    private static func malformed(_ line: Substring) -> Malformed { Malformed(description: "Malformed: \(line)") }
}
