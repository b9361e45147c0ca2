namespace FuncLimiter.Benchmarks.Decision;

/// <summary>Who a decision is for: its four scopes, and the tokens asked for.</summary>
internal sealed record Ask(int Account, int Deployment, int Tenant, int User, int Tokens);

/// <summary>The same decisions for every contender: agents of many tenants and users at a few deployments, in no order.</summary>
internal static class Workload
{
    public const int Accounts = 2;
    public const int DeploymentsPerAccount = 2;
    public const int Tenants = 200;
    public const int UsersPerTenant = 10;

    /// <summary>So much that nothing ever waits: what is measured is the decision.</summary>
    public const int TokensPerSecond = int.MaxValue / 2;

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
            var account = random.Next(Accounts);
            var tenant = random.Next(Tenants);
            return new Ask(
                account,
                (account * DeploymentsPerAccount) + random.Next(DeploymentsPerAccount),
                tenant,
                (tenant * UsersPerTenant) + random.Next(UsersPerTenant),
                random.Next(20, 400));
        })];
    }
}
