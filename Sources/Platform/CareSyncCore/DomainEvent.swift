/// Something that has happened in a feature and that higher features may want to know (rules/events-and-jobs 1).
///
/// A transaction emits it; subscribers of higher features run in the same transaction, live subscribers after the commit.
package protocol DomainEvent: Sendable {}
