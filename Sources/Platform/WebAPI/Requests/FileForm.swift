import CareSyncCore
import HTTPServer

/// A form with one file in the part `file`, taken as it arrives, and fields before or behind it. A field may also stand in
/// the query, where older clients put it; what the form says counts.
package struct FileForm<Fields: Decodable & Sendable>: Decodable, Sendable {
    private let form: StreamedForm
    private let others: [(name: String, value: String)]

    /// A form never comes as JSON.
    package init(from decoder: any Decoder) throws {
        throw InvalidValue("must be multipart/form-data")
    }

    /// Reads the form to its end.
    ///
    /// - Parameter file: takes the file.
    package func read<Content>(
        _ file: (StreamedForm.File) async throws -> Content
    ) async throws -> (fields: Fields, content: Content) {
        var content: Content?
        let given = try await form.read(fieldLimit: FileFormPart.fieldLimit) { part in
            guard part.field == FileFormPart.file, content == nil else {
                throw Problem.invalid(FileFormPart.file, "INVALID_ARGUMENT", rule: "must be the only file")
            }
            content = try await file(part)
        }
        guard let content else { throw Problem.invalid(FileFormPart.file, "INVALID_ARGUMENT", rule: "is required") }
        let values = given.map { (name: $0.key, value: $0.value) } + others.filter { given[$0.name] == nil }
        return (try ParameterReader.decode(Fields.self, values), content)
    }
}

enum FileFormPart {
    static let file = "file"
    /// Bytes of a field.
    static let fieldLimit = 4 << 10
}

/// What the pipeline and the document need of a form, whatever its fields are.
protocol FileFormBody: Decodable, Sendable {
    static var fields: any Decodable.Type { get }

    init(_ stream: StreamedBody, _ incoming: IncomingRequest) throws
}

extension FileForm: FileFormBody {
    static var fields: any Decodable.Type { Fields.self }

    init(_ stream: StreamedBody, _ incoming: IncomingRequest) throws {
        form = try StreamedForm(stream, contentType: incoming.contentType)
        others = try QueryText.pairs(incoming.metadata.query)
    }
}
