/// What one node of the table is. Containers are followed by their contents: for an object a key and a value in turn.
struct JSONNode {
    enum Kind: UInt8 { case object, list, text, number, bool, null }

    let kind: Kind
    /// A text with escapes, a number without fraction and exponent, or the bool that is true.
    var flag = false
    /// The bytes of the value; of a text those between the quotes.
    var start: UInt32
    var end: UInt32 = 0
    /// The node after this one and all it contains.
    var next: UInt32 = 0
    /// Members of an object, elements of a list.
    var count: UInt32 = 0
    /// The key found last in an object, from which the next search starts.
    var cursor: UInt32 = 0
}

/// Reads the bytes once, front to back, into a flat table of nodes, and refuses all that RFC 8259 does not allow, and
/// duplicate keys and U+0000 beside.
struct JSONScanner {
    struct Fault: Error {
        let message: String
        let offset: Int
    }

    /// An open container, for the path of a fault.
    private struct Step {
        let node: Int
        var key: Int?
    }

    let bytes: UnsafeBufferPointer<UInt8>
    let limits: JSONLimits
    private(set) var nodes: [JSONNode] = []
    var position = 0
    private var steps: [Step] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
        nodes.reserveCapacity(min(bytes.count / 12 + 8, limits.nodes))
    }

    mutating func document() throws(Fault) {
        guard bytes.count <= Int(Int32.max) else { throw fault("is too large", at: 0) }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw fault("must not begin with a byte order mark") }
        skipSpace()
        if position == bytes.count { throw fault("is empty") }
        try value()
        skipSpace()
        if position < bytes.count { throw fault("has something after its value") }
    }

    func fault(_ message: String, at offset: Int? = nil) -> Fault {
        Fault(message: message, offset: offset ?? position)
    }

    /// The path of the value that was being read when a fault was met.
    func path() -> String {
        var path = JSONPath()
        for step in steps {
            if nodes[step.node].kind == .list {
                path.append(index: Int(nodes[step.node].count))
            } else if let key = step.key {
                let node = nodes[key]
                path.append(key: JSONText.string(bytes, Int(node.start)..<Int(node.end), escaped: node.flag))
            }
        }
        return path.description
    }

    // MARK: Values

    private mutating func value() throws(Fault) {
        guard position < bytes.count else { throw fault("ends too early") }
        switch bytes[position] {
        case UInt8(ascii: "{"): try object()
        case UInt8(ascii: "["): try list()
        case UInt8(ascii: "\""): try text()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
        case UInt8(ascii: "t"): try literal("true", .bool, flag: true)
        case UInt8(ascii: "f"): try literal("false", .bool)
        case UInt8(ascii: "n"): try literal("null", .null)
        default: throw fault("has something that is not a JSON value")
        }
    }

    private mutating func object() throws(Fault) {
        let node = try open(.object)
        skipSpace()
        if take("}") { return try close(node) }
        repeat {
            skipSpace()
            guard position < bytes.count else { throw fault("ends too early") }
            guard bytes[position] == UInt8(ascii: "\"") else { throw fault("must have its keys in double quotes") }
            let key = nodes.count
            try text()
            steps[steps.count - 1].key = key
            skipSpace()
            guard take(":") else { throw unexpected("must have a colon after the key") }
            skipSpace()
            try value()
            steps[steps.count - 1].key = nil
            nodes[node].count += 1
            skipSpace()
        } while take(",")
        guard take("}") else { throw unexpected("must have a comma or } after a value") }
        try close(node)
    }

    private mutating func list() throws(Fault) {
        let node = try open(.list)
        skipSpace()
        if take("]") { return try close(node) }
        repeat {
            skipSpace()
            try value()
            nodes[node].count += 1
            skipSpace()
        } while take(",")
        guard take("]") else { throw unexpected("must have a comma or ] after a value") }
        try close(node)
    }

    private func unexpected(_ message: String) -> Fault {
        fault(position < bytes.count ? message : "ends too early")
    }

    // MARK: Nodes

    private mutating func open(_ kind: JSONNode.Kind) throws(Fault) -> Int {
        guard steps.count < limits.depth else { throw fault("is nested deeper than \(limits.depth) levels") }
        let node = try append(JSONNode(kind: kind, start: UInt32(position)))
        position += 1
        steps.append(Step(node: node))
        return node
    }

    private mutating func close(_ node: Int) throws(Fault) {
        if nodes[node].kind == .object, let key = JSONDuplicates.find(in: nodes, object: node, bytes: bytes) {
            steps[steps.count - 1].key = key
            throw fault("has a duplicate key", at: Int(nodes[key].start) - 1)
        }
        nodes[node].end = UInt32(position)
        nodes[node].next = UInt32(nodes.count)
        nodes[node].cursor = UInt32(node + 1)
        steps.removeLast()
    }

    @discardableResult
    private mutating func append(_ node: JSONNode) throws(Fault) -> Int {
        guard nodes.count < limits.nodes else { throw fault("has too many values", at: Int(node.start)) }
        nodes.append(node)
        return nodes.count - 1
    }

    private mutating func appendLeaf(
        _ kind: JSONNode.Kind, _ range: Range<Int>, flag: Bool
    ) throws(Fault) {
        try append(
            JSONNode(
                kind: kind, flag: flag, start: UInt32(range.lowerBound), end: UInt32(range.upperBound),
                next: UInt32(nodes.count + 1)))
    }

    // MARK: Leaves

    private mutating func text() throws(Fault) {
        position += 1
        let start = position
        let escaped = try textBody()
        try appendLeaf(.text, start..<position, flag: escaped)
        position += 1
    }

    private mutating func literal(_ word: StaticString, _ kind: JSONNode.Kind, flag: Bool = false) throws(Fault) {
        let start = position
        for index in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count else { throw fault("ends too early") }
            guard bytes[position] == word.utf8Start[index] else {
                throw fault("has something that is not a JSON value", at: start)
            }
            position += 1
        }
        try appendLeaf(kind, start..<position, flag: flag)
    }

    private mutating func number() throws(Fault) {
        let start = position
        _ = take("-")
        if take("0") {
            if position < bytes.count, JSONBytes.isDigit(bytes[position]) {
                throw fault("has a number with a leading zero", at: start)
            }
        } else {
            try digits()
        }
        var whole = true
        if take(".") {
            whole = false
            try digits()
        }
        if take("e") || take("E") {
            whole = false
            if !take("-") { _ = take("+") }
            try digits()
        }
        guard position - start <= limits.numberLength else { throw fault("has a number that is too long", at: start) }
        try appendLeaf(.number, start..<position, flag: whole)
    }

    private mutating func digits() throws(Fault) {
        let start = position
        while position < bytes.count, JSONBytes.isDigit(bytes[position]) { position += 1 }
        guard position > start else { throw unexpected("has a malformed number") }
    }

    // MARK: Bytes

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
