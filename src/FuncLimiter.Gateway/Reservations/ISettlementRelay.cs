namespace FuncLimiter.Gateway.Reservations;

/// <summary>Brings settlements to the process that gave a reservation out, where several processes serve one address.</summary>
public interface ISettlementRelay
{
    /// <summary>This process, in letters and digits; its reservations' ids carry it.</summary>
    string Here { get; }

    /// <summary>Hands a settlement over; done means that it survives this process.</summary>
    /// <param name="settlement">The settlement.</param>
    /// <param name="cancellationToken">Gives up; it may be handed over all the same.</param>
    Task SendAsync(RelayedSettlement settlement, CancellationToken cancellationToken);
}

/// <summary>A settlement on its way.</summary>
/// <param name="Process">The process that gave the reservation out.</param>
/// <param name="Reservation">The reservation's id.</param>
/// <param name="Tenant">Whose it must be.</param>
/// <param name="Body">The body of the settlement, as JSON text in UTF-8.</param>
public sealed record RelayedSettlement(string Process, string Reservation, string Tenant, ReadOnlyMemory<byte> Body);
