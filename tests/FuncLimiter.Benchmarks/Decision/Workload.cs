namespace FuncLimiter.Benchmarks.Decision;

/// <summary>Who a decision is for: the names of its four scopes, and the tokens asked for.</summary>
internal sealed record Ask(string Account, string Deployment, string Tenant, string User, int Tokens);

/// <summary>The same decisions for every contender: agents of many tenants and users at a few deployments, in no order.</summary>
internal static class Workload
{
    public const int Tenants = 200;
    public const int UsersPerTenant = 10;

    /// <summary>So much that nothing ever waits: what is measured is the decision.</summary>
    public const int TokensPerSecond = int.MaxValue / 2;

    private const int Accounts = 2;
    private const int DeploymentsPerAccount = 2;
    private const int Length = 1 << 12;
    private const int Seed = 20261121;

    /// <summary>The decisions, to be walked round and round.</summary>
    public static Ask[] Asks { get; } = Draw();

    /// <summary>Which of <see cref="Asks"/> is the nth.</summary>
    public static int Index(long number) => (int)(number & (Length - 1));

    private static Ask[] Draw()
    {
        var random = new Random(Seed);
        return [.. Enumerable.Range(0, Length).Select(_ =>
        {
            var account = $"account-{random.Next(Accounts)}";
            var tenant = $"tenant-{random.Next(Tenants)}";
            return new Ask(
                account,
                $"{account}/model-{random.Next(DeploymentsPerAccount)}",
                tenant,
                $"{tenant}/user-{random.Next(UsersPerTenant)}",
                random.Next(20, 400));
        })];
    }
}
