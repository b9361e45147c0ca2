using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Server.Storage.Jobs;

/// <summary>Keeps jobs in the database.</summary>
internal sealed class JobStore(Database database) : IJobSource
{
    /// <inheritdoc/>
    public Task<JobAddition> AddAsync(NewJob job, int mostWaiting, CancellationToken cancellationToken) => database.WriteAsync(
        (connection, transaction) => new JobAdding(connection, transaction).Add(job, mostWaiting), durable: true, cancellationToken);

    /// <inheritdoc/>
    public Task<JobTaking> TakeAsync(JobSlots slots, DateTimeOffset now, CancellationToken cancellationToken) => database.WriteAsync(
        (connection, transaction) => new JobTakingOut(connection, transaction).Take(slots, now), durable: false, cancellationToken);

    /// <inheritdoc/>
    public Task<int> RequeueAsync(CancellationToken cancellationToken) => database.WriteAsync(
        (connection, transaction) => new JobTakingOut(connection, transaction).Requeue(), durable: false, cancellationToken);

    /// <inheritdoc/>
    public Task PostponeAsync(JobItemKey item, DateTimeOffset notBefore, int failures) => database.WriteAsync(
        (connection, transaction) => new JobTakingOut(connection, transaction).Postpone(item, notBefore, failures), durable: false);

    /// <inheritdoc/>
    public Task<bool> EndAsync(JobItemKey item, JobItemResult result) => database.WriteAsync(
        (connection, transaction) => new JobEnding(connection, transaction).End(item, result), durable: true);

    /// <inheritdoc/>
    public Task<bool> CancelAsync(string tenant, string id, DateTimeOffset now, CancellationToken cancellationToken) => database.WriteAsync(
        (connection, transaction) => new JobEnding(connection, transaction).Cancel(tenant, id, now), durable: true, cancellationToken);

    /// <inheritdoc/>
    public Task<JobSnapshot?> FindAsync(string tenant, string id, JobPage page, CancellationToken cancellationToken) => database.ReadAsync(
        (connection, transaction) => new JobFinding(connection, transaction).Find(tenant, id, page), cancellationToken);

    /// <inheritdoc/>
    public Task<int> SweepAsync(DateTimeOffset endedBefore, int most, CancellationToken cancellationToken) => database.WriteAsync(
        (connection, transaction) => new JobEnding(connection, transaction).Sweep(endedBefore, most), durable: false, cancellationToken);
}
