/// What the document says beside its operations.
package struct DocumentTexts: Sendable {
    package var title: String
    package var version: String
    /// Markdown; the table of codes follows it.
    package var introduction = ""
    /// In the order in which a reader meets them. An operation belongs to the tag with the longest prefix of its path.
    package var tags: [DocumentTag] = []
    /// Sentences about fields, by wire name, for types that have no note of their own.
    package var glossary: [String: FieldNote] = [:]
    /// Sentences about components, by their names.
    package var components: [String: String] = [:]
    /// What types are called whose own names say too little outside their feature.
    package var names: [String: String] = [:]
    package var unions: [String: DocumentUnion] = [:]
    /// The absolute address of the server, where it is known.
    package var server: String?

    package init(title: String, version: String) {
        self.title = title
        self.version = version
    }
}

/// A chapter of the document.
package struct DocumentTag: Sendable {
    let name: String
    let text: String
    let paths: [String]

    package init(_ name: String, _ text: String, paths: [String]) {
        self.name = name
        self.text = text
        self.paths = paths
    }

    /// How much of the path one of the prefixes covers; `nil` when none fits.
    func match(_ path: String) -> Int? {
        paths.filter { path == $0 || path.hasPrefix($0 + "/") }.map(\.count).max()
    }
}

/// The shapes of a ``UnionResponse``, told apart by a property.
package struct DocumentUnion: Sendable {
    let discriminator: String
    let shapes: [(value: String, type: any (Decodable & Sendable).Type)]

    package init(discriminator: String, _ shapes: [(value: String, type: any (Decodable & Sendable).Type)]) {
        self.discriminator = discriminator
        self.shapes = shapes
    }
}
