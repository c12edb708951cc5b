import NIOCore

// How long a connection lasts, and how it ends.
extension RequestHandler {
    /// Ends running requests, because the server does not wait any longer.
    func cancel() {
        task?.cancel()
        body?.finish(.failure(CancellationError()))
        inputHasEnded = true
        // Whoever is answered gets a last chance, unless it is the client that keeps the answer waiting.
        if phase != .answering || !writers.isEmpty { context?.close(promise: nil) }
    }

    /// For a connection that never came to be.
    func abandon() { finishIfOver() }

    func end() {
        guard isOpen else { return }
        isOpen = false
        context = nil
        timer?.cancel()
        timer = nil
        if let entry { table.isClosed(entry) }
        entry = nil
        body?.finish(.failure(ChannelError.alreadyClosed))
        task?.cancel()
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
        finishIfOver()
    }

    /// Closes for somebody else's sake, unless a request has begun meanwhile or the client still takes in an answer.
    func makeRoom() {
        guard let entry, phase == .idle else { return }
        if waitingBytes == 0 { context?.close(promise: nil) } else { table.isWaiting(entry) }
    }

    func finishIfOver() {
        guard !isOpen, !isTaskRunning, !isFinished else { return }
        isFinished = true
        finished.succeed()
    }

    // MARK: Time

    func watch(in time: TimeAmount) {
        timer = context?.eventLoop.scheduleTask(in: time) { [self] in checkTime() }
    }

    /// While a whole request is being answered, silence is no reason to close; while we do not read, being slow is none.
    private func checkTime() {
        guard let context, phase != .upgraded else { return }
        let now = NIODeadline.now()
        clock.isWriting(waitingBytes, at: now)
        let end = clock.end(
            limits, isAnswering: phase == .answering && !isReading, isArriving: !isBusy && phase != .closing, at: now)
        guard end > now else { return context.close(promise: nil) }
        // A request may begin in the meantime.
        watch(in: min(end - now, limits.arrivalTime))
    }
}
