package import CareSyncCore

/// Why a body is not strict JSON.
package struct JSONSyntaxError: Error, Equatable {
    /// The end of a sentence that begins with the path, or with 'The body' at the root: "is nested deeper than 32 levels".
    package let message: String
    /// Where, such as `items[2].name`; empty for the root.
    package let path: String
    /// Counted in bytes from 0.
    package let byteOffset: Int

    package init(message: String, path: String, byteOffset: Int) {
        self.message = message
        self.path = path
        self.byteOffset = byteOffset
    }
}

/// Why well-formed JSON is not the type that was asked for. Names fields and expectations, never the value received.
package struct JSONDecodingFailure: Error, Equatable {
    package let fieldErrors: [FieldError]

    package init(fieldErrors: [FieldError]) {
        self.fieldErrors = fieldErrors
    }
}

/// Bounds on what is read at all.
package struct JSONLimits: Sendable {
    package var depth: Int
    /// Values and keys together; 24 bytes of memory each.
    package var nodes: Int
    /// Bytes of one number.
    package var numberLength: Int

    package init(depth: Int = 32, nodes: Int = 500_000, numberLength: Int = 512) {
        self.depth = depth
        self.nodes = nodes
        self.numberLength = numberLength
    }
}
