using System.Text;
using System.Text.Json;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Recording;

namespace FuncLimiter.WhatIf.Replaying;

/// <summary>Calls as they were recorded.</summary>
/// <param name="Calls">The calls, in the order in which they came; at least one.</param>
/// <param name="Keys">Prints of the keys with which names were hashed.</param>
/// <param name="From">Since when it was recorded.</param>
/// <param name="Lost">How many calls are known to be missing.</param>
internal sealed record CallRecord(IReadOnlyList<RecordedCall> Calls, IReadOnlySet<string> Keys, DateTimeOffset From, long Lost);

/// <summary>Reads a record: the file's forerunner, where there is one, and the file.</summary>
internal static class RecordReader
{
    private const int MostCalls = 20_000_000;
    private const int MostMistakes = 20;
    private const long MostTokens = 1_000_000_000;
    private const double MostMs = 31 * 24 * 3600 * 1000.0;

    /// <summary>The record, or null after every mistake was told.</summary>
    public static CallRecord? Read(FileInfo file, TextWriter errors)
    {
        var reading = new Reading(errors);
        try
        {
            var older = new FileInfo(file.FullName + FileRecord.OlderEnding);
            if (older.Exists)
            {
                reading.Read(older);
            }

            reading.Read(file);
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{file}: {trouble.Message}");
            return null;
        }

        return reading.Made(file);
    }

    /// <summary>What is wrong with a call; null where nothing is.</summary>
    private static string? Fault(RecordedCall call)
    {
        long?[] tokens = [call.Input, call.Output, call.MaxOutput, call.CacheRead, call.CacheWrite, call.Reasoning, call.ForeseenInput, call.ForeseenOutput, call.Bytes, call.Characters, call.Images];
        double?[] times = [call.WaitedMs, call.TookMs, call.MayWaitMs, .. (call.Failures ?? []).SelectMany(failure => new[] { failure?.RetryAfterMs, failure?.TookMs })];
        return tokens.Any(count => count is < 0 or > MostTokens) || call.Choices is < 0 or > 1024 ? "a number of tokens, bytes or choices that no call has"
            : !double.IsFinite(call.Words) || call.Words < 0 || !double.IsFinite(call.Counted) || call.Counted < 0 ? "a count of words that no call has"
            : times.Any(time => time is { } known && !(known is >= 0 and <= MostMs)) ? "a time that no call takes"
            : call.CostUsd is < 0 ? "a cost below 0"
            : string.IsNullOrEmpty(call.Tenant) || string.IsNullOrEmpty(call.Route) ? "no tenant, or no route"
            : call.Failures?.Contains(null!) == true || call.NotAt?.Contains(null!) == true ? "a list with nothing in it"
            : null;
    }

    private sealed class Reading(TextWriter errors)
    {
        private readonly List<RecordedCall> _calls = [];
        private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
        private DateTimeOffset? _from;
        private long _lost;
        private int _mistakes;

        public void Read(FileInfo file)
        {
            using var lines = new StreamReader(file.FullName, Encoding.UTF8);
            for (var number = 1; lines.ReadLine() is { } line; number++)
            {
                if (line.Length == 0)
                {
                    continue;
                }

                try
                {
                    Take(line, file, number);
                }
                catch (JsonException) when (!line.EndsWith('}'))
                {
                    // What a crash cut short.
                    _lost++;
                }
                catch (Exception broken) when (broken is JsonException or InvalidOperationException)
                {
                    Tell(file, number, "no line of a record");
                }
            }
        }

        public CallRecord? Made(FileInfo file)
        {
            if (_mistakes > 0)
            {
                errors.WriteLine(_mistakes == 1 ? $"1 mistake in {file}." : $"{_mistakes} mistakes in {file}.");
                return null;
            }

            if (_calls.Count == 0)
            {
                errors.WriteLine($"{file} holds no calls: record some with \"record\" in the configuration, or with simulate --record.");
                return null;
            }

            var calls = _calls.OrderBy(call => call.At).ToList();
            return new CallRecord(calls, _keys, _from is { } from && from <= calls[0].At ? from : calls[0].At, _lost);
        }

        private void Take(string line, FileInfo file, int number)
        {
            if (line.StartsWith("{\"record\":", StringComparison.Ordinal))
            {
                var head = JsonSerializer.Deserialize(line, RecordJson.Default.RecordHead)!;
                if (head.Record != RecordHead.Current)
                {
                    Tell(file, number, $"a record of form {head.Record}; this version reads form {RecordHead.Current}");
                }

                _keys.Add(head.Key ?? string.Empty);
                _from ??= head.From;
            }
            else if (line.StartsWith("{\"lost\":", StringComparison.Ordinal))
            {
                _lost += JsonSerializer.Deserialize(line, RecordJson.Default.RecordGap)!.Lost;
            }
            else
            {
                var call = JsonSerializer.Deserialize(line, RecordJson.Default.RecordedCall) ?? throw new JsonException();
                if (Fault(call) is { } fault)
                {
                    Tell(file, number, fault);
                }
                else if (_calls.Count >= MostCalls)
                {
                    throw new IOException($"more than {MostCalls:N0} calls; take a part of it");
                }
                else
                {
                    _calls.Add(call);
                }
            }
        }

        private void Tell(FileInfo file, int number, string what)
        {
            if (++_mistakes <= MostMistakes)
            {
                errors.WriteLine($"{file}, line {number}: {what}.");
            }
        }
    }
}

/// <summary>Writes a record of calls that were made in virtual time.</summary>
internal sealed class RecordWriter : IUsageSink
{
    private readonly Stream _to;
    private readonly RecordNames _names;

    /// <param name="configuration">Whose key hashes the names.</param>
    /// <param name="from">When they begin.</param>
    public RecordWriter(Stream to, GatewayConfiguration configuration, DateTimeOffset from)
    {
        (_to, _names) = (to, NamesOf(configuration));
        Line(JsonSerializer.SerializeToUtf8Bytes(new RecordHead(RecordHead.Current, _names.Print, from), RecordJson.Default.RecordHead));
    }

    /// <summary>Names as a configuration's key hashes them; without one they are hashed all the same.</summary>
    public static RecordNames NamesOf(GatewayConfiguration configuration) => new(configuration.Record?.Key ?? string.Empty);

    /// <inheritdoc/>
    public void Record(UsageRecord record)
    {
        if (RecordedCall.Of(record, _names) is { } call)
        {
            Line(JsonSerializer.SerializeToUtf8Bytes(call, RecordJson.Default.RecordedCall));
        }
    }

    private void Line(byte[] json)
    {
        _to.Write(json);
        _to.WriteByte((byte)'\n');
    }
}
