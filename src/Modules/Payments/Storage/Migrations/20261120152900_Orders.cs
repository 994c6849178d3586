using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Payments.Storage.Migrations
{
    /// <inheritdoc />
    public partial class Orders : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "payments");

            migrationBuilder.CreateTable(
                name: "idempotency",
                schema: "payments",
                columns: table => new
                {
                    ClientId = table.Column<string>(type: "text", nullable: false),
                    Operation = table.Column<string>(type: "character varying(120)", maxLength: 120, nullable: false),
                    Key = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    Digest = table.Column<byte[]>(type: "bytea", nullable: false),
                    ResourceId = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    Status = table.Column<int>(type: "integer", nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_idempotency", x => new { x.ClientId, x.Operation, x.Key });
                });

            migrationBuilder.CreateTable(
                name: "order_changes",
                schema: "payments",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    OrderId = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    From = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: true),
                    To = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: false),
                    ReasonCode = table.Column<string>(type: "text", nullable: true),
                    Reason = table.Column<string>(type: "text", nullable: true),
                    By = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_order_changes", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "orders",
                schema: "payments",
                columns: table => new
                {
                    Id = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    ConsentId = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    IsOnlyOne = table.Column<bool>(type: "boolean", nullable: false),
                    ClientId = table.Column<string>(type: "text", nullable: false),
                    CustomerId = table.Column<string>(type: "text", nullable: false),
                    AccountId = table.Column<string>(type: "text", nullable: false),
                    Status = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: false),
                    ReasonCode = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: true),
                    ReasonText = table.Column<string>(type: "text", nullable: true),
                    CreatedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    StatusChangedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Request = table.Column<string>(type: "json", nullable: false),
                    Quoted = table.Column<string>(type: "json", nullable: true),
                    Amount = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    PayeeName = table.Column<string>(type: "text", nullable: false),
                    Rail = table.Column<string>(type: "text", nullable: true),
                    PayerScheme = table.Column<string>(type: "text", nullable: false),
                    PayerIdentification = table.Column<string>(type: "text", nullable: false),
                    PayerName = table.Column<string>(type: "text", nullable: false),
                    GivesRefundAccount = table.Column<bool>(type: "boolean", nullable: false),
                    DueAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_orders", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "testers_wishes",
                schema: "payments",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    Name = table.Column<string>(type: "character varying(10)", maxLength: 10, nullable: false),
                    Value = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_testers_wishes", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_idempotency_At",
                schema: "payments",
                table: "idempotency",
                column: "At");

            migrationBuilder.CreateIndex(
                name: "IX_order_changes_OrderId_Id",
                schema: "payments",
                table: "order_changes",
                columns: new[] { "OrderId", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_orders_ConsentId_CreatedAt",
                schema: "payments",
                table: "orders",
                columns: new[] { "ConsentId", "CreatedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_orders_CustomerId_CreatedAt",
                schema: "payments",
                table: "orders",
                columns: new[] { "CustomerId", "CreatedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_orders_DueAt",
                schema: "payments",
                table: "orders",
                column: "DueAt",
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_orders_only",
                schema: "payments",
                table: "orders",
                column: "ConsentId",
                unique: true,
                filter: "\"IsOnlyOne\"");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "idempotency",
                schema: "payments");

            migrationBuilder.DropTable(
                name: "order_changes",
                schema: "payments");

            migrationBuilder.DropTable(
                name: "orders",
                schema: "payments");

            migrationBuilder.DropTable(
                name: "testers_wishes",
                schema: "payments");
        }
    }
}
