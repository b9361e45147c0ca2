namespace FuncLimiter.Benchmarks.Processes;

/// <summary>A program of this machine that a peer needs.</summary>
/// <param name="Name">Its file name.</param>
/// <param name="HowToGet">What to run to get it.</param>
internal sealed record Tool(string Name, string HowToGet)
{
    public static readonly Tool Node = new("node", "apt-get install nodejs");
    public static readonly Tool Npm = new("npm", "apt-get install npm");
    public static readonly Tool Nginx = new("nginx", "apt-get install nginx");
    public static readonly Tool Wrk = new("wrk", "apt-get install wrk");
    public static readonly Tool RedisServer = new("redis-server", "apt-get install redis-server");
    public static readonly Tool RedisBenchmark = new("redis-benchmark", "apt-get install redis-tools");
    public static readonly Tool RedisClient = new("redis-cli", "apt-get install redis-tools");

    // Debian keeps servers where only an administrator's PATH looks.
    private static readonly string[] AdministratorFolders = ["/usr/sbin", "/usr/local/sbin"];

    /// <summary>Where it is; null where this machine has none.</summary>
    public string? Path => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Concat(AdministratorFolders)
        .Select(folder => System.IO.Path.Combine(folder, Name))
        .FirstOrDefault(File.Exists);

    /// <summary>Where it is.</summary>
    /// <exception cref="NotAvailableException">This machine has none.</exception>
    public string Require() => Path ?? throw new NotAvailableException($"{Name} is missing: {HowToGet}");
}
