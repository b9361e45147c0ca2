using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Webhooks;

namespace FuncLimiter.Functions.Storage;

/// <summary>How jobs are laid out in their table: a partition for each job, and a few that list jobs.</summary>
internal static class JobRows
{
    /// <summary>The partition of jobs that have not ended, by id.</summary>
    public const string Open = "open";

    /// <summary>The partition of jobs that have ended, by when.</summary>
    public const string Ended = "ended";

    /// <summary>The partition of jobs that were given up and have not ended, by id.</summary>
    public const string GivenUp = "given-up";

    /// <summary>The job itself, within its partition.</summary>
    public const string Job = "job";

    /// <summary>Past every key.</summary>
    public const string Last = "~";

    private const string Item = "i";

    /// <summary>The key of a call within its job's partition.</summary>
    public static string ItemKey(int index) => Item + index.ToString("D8", CultureInfo.InvariantCulture);

    /// <summary>The place of a call whose key this is.</summary>
    public static int IndexOf(string key) => int.Parse(key.AsSpan(Item.Length), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The partition that remembers a tenant's idempotency key; a hash, since keys of rows may not hold every letter.</summary>
    public static string KeyPartition(string tenant, string key) =>
        $"key-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant.Length}:{tenant}{key}")))}";

    /// <summary>The key under which an ended job stands in line to be forgotten.</summary>
    public static string EndedKey(DateTimeOffset endedAt, string job) => $"{endedAt.UtcTicks.ToString("D19", CultureInfo.InvariantCulture)}-{job}";

    /// <summary>A job's row.</summary>
    public static Row Of(NewJob job)
    {
        var row = new Row(job.Id, Job)
        {
            Values =
            {
                ["Tenant"] = job.Tenant,
                ["IsList"] = job.IsList,
                ["AcceptedAt"] = job.AcceptedAt,
                ["Total"] = (long)job.Items.Count,
            },
        };
        Set(row, "Webhook", job.Webhook);
        Set(row, "ReplyTo", job.Reply?.Queue);
        Set(row, "CorrelationId", job.Reply?.CorrelationId);
        return row;
    }

    /// <summary>How the delivery of a job's outcome stands; null where none was asked for.</summary>
    public static DeliveryReport? Delivery(Row job) => job.Text("Webhook") is null
        ? null
        : new DeliveryReport((DeliveryState)job.Number("DeliveryState"), (int)job.Number("DeliveryAttempts"), job.Text("DeliveryError"));

    /// <summary>Sets a text where there is one.</summary>
    public static void Set(Row row, string name, string? value)
    {
        if (value is not null)
        {
            row.Values[name] = value;
        }
    }
}

/// <summary>The tables of the app.</summary>
/// <param name="Jobs">Jobs and their calls.</param>
/// <param name="Answers">Answers under idempotency keys.</param>
/// <param name="Usage">What each call used.</param>
/// <param name="Settings">Tenants and limits that operators set.</param>
internal sealed record JobTables(IRowTable Jobs, IRowTable Answers, IRowTable Usage, IRowTable Settings)
{
    /// <summary>The name of the table that operators write to.</summary>
    public const string SettingsName = "FuncLimiterSettings";
}
