using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Server.Storage.Jobs;

/// <summary>A call as its columns. Filled by name.</summary>
#pragma warning disable IDE1006, CA1812, CS0649
internal sealed class ItemColumns
{
    public string job = "";
    public int idx;
    public string tenant = "";
    public int priority;
    public long turn;
    public long deadline;
    public int failures;
    public string path = "";
    public string? labels;
    public string? headers;
    public byte[]? body;
    public string lane = "";
    public int batch_place;

    public JobItem ToItem()
    {
        var names = Stored.Labels(labels);
        var call = new JobCall(path, body, (Priority)priority)
        {
            User = names[0],
            Workflow = names[1],
            Step = names[2],
            Run = names[3],
            Tier = Stored.Tier(names[4]),
            Headers = Stored.Headers(headers),
            Lane = Stored.Lane(lane).Name,
        };
        return new JobItem(new JobItemKey(job, idx), tenant, call, Stored.Time(deadline), failures);
    }
}
#pragma warning restore IDE1006, CA1812, CS0649
