import HTTPTypes
package import Hummingbird
import NIOCore

/// What Hummingbird's application and its test client know of a request. Connections of the program do not come this way
/// (``ConnectionChannel``).
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let peer: String

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress ?? ""
    }
}

extension APIResponder: HTTPResponder {
    package func respond(to request: Request, context: APIContext) async throws -> Hummingbird.Response {
        let outgoing = await answer(
            ServerRequest(
                method: request.method, target: request.head.path ?? "",
                headers: RequestHeaders(request.headers, host: request.head.authority), body: .sequence(request.body),
                peer: context.peer, logger: context.logger))
        let body: ResponseBody =
            switch outgoing.answer.body {
            case .bytes(let bytes): .init(byteBuffer: bytes)
            case .stream(let make): .init(asyncSequence: make())
            }
        let response = Hummingbird.Response(
            status: .init(code: outgoing.answer.status), headers: head.fields(of: outgoing), body: body)
        return outgoing.omitsBody ? response.createHeadResponse() : response
    }
}
