public final class WebSocketConnection: Sendable {}
