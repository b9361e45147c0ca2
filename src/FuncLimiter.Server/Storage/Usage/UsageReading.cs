using System.Data.Common;
using System.Globalization;
using Dapper;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Operations.Usage;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage.Usage;

/// <summary>Answers a question from the usage ledger.</summary>
internal sealed class UsageReading
{
    private readonly UsageQuery _query;
    private readonly DynamicParameters _parameters = new();
    private readonly string _where;
    private readonly string[] _groups;

    private UsageReading(UsageQuery query)
    {
        _query = query;
        _groups = [.. query.BySpan ? ["at"] : Array.Empty<string>(), .. query.By.Select(Column)];
        _parameters.Add("grain", (int)query.Grain);
        _parameters.Add("from", query.From.UtcTicks);
        _parameters.Add("until", query.Until.UtcTicks);
        var where = new List<string> { "grain = @grain", "at >= @from", "at < @until" };
        foreach (var (dimension, label) in query.Where)
        {
            var name = $"is{dimension}";
            _parameters.Add(name, label);
            where.Add($"{Column(dimension)} = @{name}");
        }

        _where = string.Join(" AND ", where);
    }

    /// <summary>The answer.</summary>
    public static UsagePage Answer(UsageQuery query, SqliteConnection connection, SqliteTransaction transaction)
    {
        var reading = new UsageReading(query);
        var lines = reading.Lines(connection, transaction);
        return new UsagePage(lines[..Math.Min(lines.Count, query.Limit)], reading.Total(connection, transaction), lines.Count > query.Limit);
    }

    private static string Column(UsageDimension dimension) => dimension switch
    {
        UsageDimension.Model => "substr(deployment, instr(deployment, '/') + 1)",
        UsageDimension.Account => "substr(deployment, 1, max(instr(deployment, '/') - 1, 0))",
        UsageDimension.Priority =>
            $"CASE priority {string.Join(' ', Enum.GetValues<Priority>().Select(priority => string.Create(CultureInfo.InvariantCulture, $"WHEN {(int)priority} THEN '{UsageNames.Of(priority)}'")))} END",
        UsageDimension.Channel => $"CASE is_batch WHEN 0 THEN '{UsageNames.Live}' ELSE '{UsageNames.Batch}' END",
        _ => UsageNames.Of(dimension),
    };

    private UsageTotals Total(SqliteConnection connection, SqliteTransaction transaction)
    {
        using var rows = (DbDataReader)connection.ExecuteReader($"SELECT {UsageSumRow.Sums} FROM usage_sums WHERE {_where}", _parameters, transaction);
        return rows.Read() ? UsageSumRow.Read(rows, 0) : default;
    }

    private List<UsageLine> Lines(SqliteConnection connection, SqliteTransaction transaction)
    {
        using var rows = (DbDataReader)connection.ExecuteReader(Sql(), _parameters, transaction);
        var lines = new List<UsageLine>();
        while (rows.Read())
        {
            var first = _query.BySpan ? 1 : 0;
            var from = _query.BySpan ? Stored.Time(rows.GetInt64(0)) : DateTimeOffset.MinValue;
            string[] labels = [.. Enumerable.Range(first, _query.By.Count).Select(rows.GetString)];
            lines.Add(new UsageLine(new UsagePlace(from, labels), UsageSumRow.Read(rows, _groups.Length)));
        }

        return lines;
    }

    private string Sql()
    {
        var columns = string.Concat(_groups.Select(group => $"{group}, "));
        var groups = string.Join(", ", Enumerable.Range(1, _groups.Length));
        var order = _query.DearestFirst ? $"{UsageSumRow.DearestFirst}, {groups}" : groups;
        return $"SELECT {columns}{UsageSumRow.Sums} FROM usage_sums WHERE {_where}{After()}"
            + (_groups.Length > 0 ? $" GROUP BY {groups} ORDER BY {order}" : " GROUP BY grain")
            + string.Create(CultureInfo.InvariantCulture, $" LIMIT {_query.Limit + 1}");
    }

    private string After()
    {
        if (_query.After is not { } after)
        {
            return string.Empty;
        }

        var values = new List<string>();
        if (_query.BySpan)
        {
            _parameters.Add("afterTime", after.From.UtcTicks);
            values.Add("@afterTime");
        }

        for (var place = 0; place < _query.By.Count; place++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"after{place}");
            _parameters.Add(name, after.Labels[place]);
            values.Add($"@{name}");
        }

        return values.Count == 0 ? " AND 0" : $" AND ({string.Join(", ", _groups)}) > ({string.Join(", ", values)})";
    }
}
