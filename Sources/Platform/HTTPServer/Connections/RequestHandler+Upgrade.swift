import NIOCore
import NIOHTTP1

// How a connection leaves HTTP.
extension RequestHandler {
    func take(_ upgrade: ConnectionUpgrade, _ response: ServerResponse) {
        guard let context, let head else { return }
        let asked = RequestHeaders(head.headers).upgrade?.lowercased()
        guard !isReading, asked == upgrade.name.lowercased() else {
            let refusal = ServerResponse(status: 426, headers: response.headers, body: .bytes(ByteBuffer()))
            return send(refusal, isLast: true)
        }
        var headers = response.headers
        headers.add(name: "Connection", value: "upgrade")
        headers.add(name: "Upgrade", value: upgrade.name)
        let switching = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        phase = .upgraded
        context.write(wrapOutboundOut(.head(switching)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        // Not inside the decoder, which may be delivering the request right now.
        context.eventLoop.execute { [self] in leave(for: upgrade) }
    }

    /// The decoder leaves last, and hands what it has not understood to the new handlers.
    private func leave(for upgrade: ConnectionUpgrade) {
        guard let context, let handlers = protocolHandlers else { return }
        protocolHandlers = nil
        let (channel, pipeline) = (context.channel, context.channel.pipeline.syncOperations)
        let decoder = NIOLoopBound(handlers.decoder, eventLoop: channel.eventLoop)
        pipeline.removeHandler(handlers.encoder).and(pipeline.removeHandler(handlers.pipelining))
            .and(pipeline.removeHandler(self))
            .flatMap { _ in upgrade.install(channel) }
            .flatMap { channel.pipeline.syncOperations.removeHandler(decoder.value) }
            .whenFailure { _ in channel.close(promise: nil) }
    }
}
