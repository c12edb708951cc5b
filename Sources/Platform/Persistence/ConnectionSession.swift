/// What outlives the transactions of one connection to the database and is gone with it, such as a lock that the server
/// holds for it. Used by one thread at a time.
package final class ConnectionSession {
    private var values: [ObjectIdentifier: AnyObject] = [:]

    package init() {}

    /// The value of a type; made when there is none yet.
    package func value<Value: AnyObject>(_ type: Value.Type, orMake make: () -> Value) -> Value {
        if let value = values[ObjectIdentifier(type)] as? Value { return value }
        let value = make()
        values[ObjectIdentifier(type)] = value
        return value
    }
}
