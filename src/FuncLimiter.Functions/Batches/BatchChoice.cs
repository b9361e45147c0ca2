using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Routes;

namespace FuncLimiter.Functions.Batches;

/// <summary>Which accounts' batch services may be used; none unless an operator names them, since other terms hold there.</summary>
/// <param name="Accounts">The accounts' ids.</param>
internal sealed record BatchAccounts(IReadOnlySet<string> Accounts)
{
    /// <summary>The setting that names them, with commas between.</summary>
    public const string Setting = "FUNCLIMITER_BATCH_ACCOUNTS";

    /// <summary>Reads the setting.</summary>
    public static BatchAccounts Parse(string? text) =>
        new((text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal));
}

/// <summary>Chooses the jobs that a provider's batch service takes: lists of background calls of one kind that have a day's time.</summary>
internal sealed class BatchChoice(RouteTable routes, JobCallReader reader, BatchAccounts accounts)
{
    private const int FewestCalls = 10;

    /// <summary>The provider's completion window, less what passed since the job came.</summary>
    private static readonly TimeSpan LeastTime = TimeSpan.FromHours(24) - TimeSpan.FromMinutes(1);

    private static readonly string[] Paths = ["/v1/chat/completions", "/v1/responses", "/v1/embeddings"];

    /// <summary>The deployment whose batch service takes a job; null where none does.</summary>
    public Deployment? For(NewJob job)
    {
        if (accounts.Accounts.Count == 0 || !job.IsList || job.Items.Count < FewestCalls
            || job.Items.Any(item => item.Call.Priority != Priority.Background || item.Deadline - job.AcceptedAt < LeastTime || !Paths.Contains(item.Call.Path))
            || job.Items.DistinctBy(item => item.Call.Path).Count() > 1)
        {
            return null;
        }

        var models = job.Items.Select(item => reader.TryRead(item.Call, job.Tenant, out var call, out _) ? call.Facts.Model : null).Distinct().ToArray();
        return models is [{ } model] && routes.TryGet(model, out var route) ? First(route) : null;
    }

    /// <summary>The deployment of a name that was chosen; null where it is not to be used any more.</summary>
    public Deployment? Find(string name) => accounts.Accounts.Count == 0
        ? null
        : routes.Routes.SelectMany(route => route.Deployments).FirstOrDefault(deployment => deployment.Name == name);

    private Deployment? First(Route route) => route.Deployments.FirstOrDefault(deployment =>
        deployment.Provider.Id == "openai" && accounts.Accounts.Contains(deployment.Name[..deployment.Name.IndexOf('/', StringComparison.Ordinal)]));
}
