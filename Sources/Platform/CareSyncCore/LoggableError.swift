/// An error whose description carries no values, so that it may be logged as it stands.
package protocol LoggableError: Error {}
