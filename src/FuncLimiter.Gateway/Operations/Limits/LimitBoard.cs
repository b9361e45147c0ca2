using System.Collections.Concurrent;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers.Limits;

namespace FuncLimiter.Gateway.Operations.Limits;

/// <summary>What providers' APIs told of limits, for whoever shows it.</summary>
internal sealed class LimitBoard
{
    private readonly ConcurrentDictionary<string, LimitSourceState> _sources = new(StringComparer.Ordinal);

    /// <summary>How each account's source stands.</summary>
    public IReadOnlyList<LimitSourceState> Sources => [.. _sources.Values.OrderBy(static source => source.Account, StringComparer.Ordinal)];

    /// <summary>How one account's source stands; null where it has none, or was not asked yet.</summary>
    public LimitSourceState? Of(string account) => _sources.GetValueOrDefault(account);

    /// <summary>Takes in what came of asking; what was told before stands where nothing was told now.</summary>
    /// <param name="told">What came of it.</param>
    /// <returns>How its source stands.</returns>
    public LimitSourceState Show(AccountConfiguration account, LimitsTold told, DateTimeOffset now) => _sources.AddOrUpdate(
        account.Id,
        _ => Next(null, account, told, now),
        (_, before) => Next(before, account, told, now));

    /// <summary>A limit that a source told before is told no more, and gone by no more.</summary>
    /// <param name="account">The account's id.</param>
    /// <param name="gone">The limit.</param>
    public void Withdraw(string account, ToldLimit gone)
    {
        while (_sources.TryGetValue(account, out var before) && !_sources.TryUpdate(account, before with { Withdrawn = [.. before.Withdrawn, gone] }, before))
        {
        }
    }

    private static LimitSourceState Next(LimitSourceState? before, AccountConfiguration account, LimitsTold told, DateTimeOffset now) => new(
        account.Id,
        LimitReader.SourceOf(account).Name,
        account.LimitSource!.Every,
        told.Limits ?? before?.Limits,
        told.Limits is null ? before?.ReadAt : now,
        told.Fault,
        told.Fault is null ? null : before?.FaultSince ?? now)
    {
        Missing = told.Limits is { } limits
            ? [.. account.Models.Where(model => limits.Of(model.Model).Count == 0).Select(static model => model.Model)]
            : before?.Missing ?? [],
        Withdrawn = told.Limits is { } named && before is { Withdrawn.Count: > 0 }
            ? [.. LimitTakeUp.Gone(account, named).Where(gone => before.Withdrawn.Any(known => known.IsSame(gone)))]
            : before?.Withdrawn ?? [],
    };
}

/// <summary>How one account's source of limits stands.</summary>
/// <param name="Account">The account's id.</param>
/// <param name="Name">What the source is called.</param>
/// <param name="Every">How often it is asked.</param>
/// <param name="Limits">What it told last; null where it never did.</param>
/// <param name="ReadAt">When it did.</param>
/// <param name="Fault">Why it told nothing when asked last; null where it did.</param>
/// <param name="FaultSince">Since when it tells nothing.</param>
internal sealed record LimitSourceState(
    string Account, string Name, TimeSpan Every, ReadLimits? Limits, DateTimeOffset? ReadAt, string? Fault, DateTimeOffset? FaultSince)
{
    /// <summary>Models of the account that it told nothing of.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>Limits that a person wrote, that it told before and tells no more.</summary>
    public IReadOnlyList<ToldLimit> Withdrawn { get; init; } = [];
}

/// <summary>Writes where limits come from.</summary>
internal static class LimitBoardJson
{
    private const int MostShown = 500;

    /// <summary>Writes how each source stands.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<LimitSourceState> sources)
    {
        json.WriteStartArray("limitSources"u8);
        foreach (var source in sources)
        {
            json.WriteStartObject();
            json.WriteString("account"u8, source.Account);
            json.WriteString("source"u8, source.Name);
            json.WriteNumber("everySeconds"u8, source.Every.TotalSeconds);
            WriteTime(json, "readAt"u8, source.ReadAt);
            json.WriteString("fault"u8, source.Fault);
            WriteTime(json, "faultSince"u8, source.FaultSince);
            json.WriteTexts("missing"u8, source.Missing);
            json.WriteTexts("unknown"u8, source.Limits?.Unknown ?? []);
            json.WriteStartArray("limits"u8);
            foreach (var limit in (source.Limits?.Limits ?? []).Take(MostShown))
            {
                json.WriteStartObject();
                json.WriteString("model"u8, limit.Model);
                json.WriteString("dimension"u8, DimensionName.Of(limit.Dimension));
                json.WriteNumber("windowSeconds"u8, limit.Window.TotalSeconds);
                WriteAmount(json, "amount"u8, limit.Amount);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("quotas"u8);
            foreach (var quota in source.Limits?.Quotas ?? [])
            {
                json.WriteStartObject();
                json.WriteString("name"u8, quota.Name);
                json.WriteNumber("given"u8, quota.Given);
                json.WriteNumber("amount"u8, quota.Amount);
                json.WriteTexts("deployments"u8, quota.Deployments);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Writes what was typed, read and reported of one limit.</summary>
    public static void WriteOrigins(Utf8JsonWriter json, MeterReport meter)
    {
        WriteAmount(json, "typed"u8, meter.IsOpen ? null : meter.Configured);
        WriteAmount(json, "read"u8, meter.Read is Limit.Unbounded ? null : meter.Read);
        WriteTime(json, "readAt"u8, meter.Read is null ? null : meter.ReadAt.ToDateTimeOffset());
        WriteAmount(json, "reported"u8, meter.Reported);
        WriteTime(json, "reportedAt"u8, meter.Reported is null ? null : meter.ReportedAt.ToDateTimeOffset());
    }

    private static void WriteAmount(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? amount)
    {
        if (amount is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset? at)
    {
        if (at is { } known)
        {
            json.WriteString(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
