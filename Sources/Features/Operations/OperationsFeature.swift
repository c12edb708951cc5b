import FeatureContract
package import Persistence
package import WebAPI

/// What administrators see and do of the running system: the audit log, and what waits in the outbox.
package struct OperationsFeature: Feature {
    package let endpoints: [Endpoint]

    package init(database: any Database) {
        endpoints = AuditSearchEndpoints(database: database).all + OutboxEndpoints(database: database).all
    }
}
