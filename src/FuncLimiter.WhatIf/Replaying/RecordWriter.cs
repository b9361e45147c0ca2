using System.Text.Json;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Recording;

namespace FuncLimiter.WhatIf.Replaying;

/// <summary>Writes a record of calls that were made in virtual time.</summary>
internal sealed class RecordWriter : IUsageSink
{
    private readonly Stream _to;
    private readonly RecordNames _names;

    /// <param name="to">Where to.</param>
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
