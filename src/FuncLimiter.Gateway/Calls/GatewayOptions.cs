namespace FuncLimiter.Gateway.Calls;

/// <summary>Bounds of what the gateway takes in, holds and waits for.</summary>
internal sealed record GatewayOptions
{
    /// <summary>The largest request body, in bytes; a larger one is answered 413. Default 32 MiB.</summary>
    public int MaxRequestBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Bodies above this, in bytes, are in a file and not in memory while their calls wait and are under way. Default 1 MiB.</summary>
    public int MostInMemoryBytes { get; init; } = 1024 * 1024;

    /// <summary>The folder of those files; null for the system's own for what is temporary. One that takes none leaves bodies in memory.</summary>
    public string? BodyFolder { get; init; }

    /// <summary>The largest body of a path that takes files, in bytes; it passes through, and is not held. Default 512 MiB.</summary>
    public long MaxUploadBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>The largest whole answer that is read for its usage, in bytes; a larger one passes through and counts as estimated. Default 16 MiB.</summary>
    public int MaxReadAnswerBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How long connecting to a provider may take, finding its name's addresses included; default 10 seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a provider may take to begin its answer; default 10 minutes, as in the official clients.</summary>
    public TimeSpan FirstByteTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a provider may pause within its answer; default 5 minutes.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a provider may keep a stream open after the event that ends it; default 1 second.</summary>
    public TimeSpan StreamEndTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After how long of silence a side of a WebSocket, or a provider that answers over HTTP/2, is pinged, and how long it may take to answer: one
    /// that vanished without a word gives its place among concurrent calls back after twice that. Default 30 seconds;
    /// over HTTP/2 no less than one.
    /// </summary>
    public TimeSpan SocketKeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the opening of a streamed answer may be held, until the first event with content comes: until then a stream that fails is begun
    /// elsewhere, and its caller sees nothing of it. Default 10 seconds.
    /// </summary>
    public TimeSpan StreamHoldTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many bytes of a stream's opening may be held so. Default 64 KiB.</summary>
    public int StreamHoldBytes { get; init; } = 64 * 1024;

    /// <summary>How often one call may be asked of providers, first attempt included; default 4.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>How many tenants <c>X-Tenant</c> may bring up where none are configured; default 1,000.</summary>
    public int MaxNamedTenants { get; init; } = 1_000;

    /// <summary>How many reservations of agents that call providers themselves may be open; default 100,000.</summary>
    public int MaxReservations { get; init; } = 100_000;

    /// <summary>
    /// Whether a request from this machine is an operator's where no admin keys are configured; default true.
    /// False where a front end forwards strangers' requests over loopback.
    /// </summary>
    public bool LocalIsOperator { get; init; } = true;

    /// <summary>How names of providers are looked up; null for the system's way.</summary>
    internal Func<string, System.Net.IPAddress[]>? Lookup { get; init; }
}
