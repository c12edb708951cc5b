// Who waits for a result is resumed exactly once. Debug builds, and with them all tests, check that; the check costs an
// allocation and some counting for every statement.
#if DEBUG
typealias Caller<Value> = CheckedContinuation<Value, any Error>

func waiting<Value>(_ begin: (Caller<Value>) -> Void) async throws -> Value {
    try await withCheckedThrowingContinuation(begin)
}
#else
typealias Caller<Value> = UnsafeContinuation<Value, any Error>

func waiting<Value>(_ begin: (Caller<Value>) -> Void) async throws -> Value {
    try await withUnsafeThrowingContinuation(begin)
}
#endif
